/* SPDX-License-Identifier: Apache-2.0 */
/* Private to base/: the lines on stderr and the progress line share one terminal. */
#ifndef TALLYMAN_BASE_LOG_PRIVATE_H
#define TALLYMAN_BASE_LOG_PRIVATE_H

#include <stdbool.h>

void log_lock(void);
void log_unlock(void);
bool log_is_text(void);
void progress_hide(void); /* call with the lock held */

#endif
