/* SPDX-License-Identifier: Apache-2.0 */
/* What a service tells who started it (sd_notify(3), the protocol of systemd). */
#ifndef TALLYMAN_BASE_NOTIFY_H
#define TALLYMAN_BASE_NOTIFY_H

/* Sends lines such as "READY=1" to $NOTIFY_SOCKET; nothing where there is none. That nobody hears is no error of ours. */
void notify_service(const char *lines);

#endif
