/* SPDX-License-Identifier: Apache-2.0 */
/* One message over a local socket, with descriptors. */
#ifndef TALLYMAN_BASE_CHANNEL_H
#define TALLYMAN_BASE_CHANNEL_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#define CHANNEL_FDS_MAX 11 /* that come or go with one message */

/* Bytes sent, or a negative errno. No signal where nobody reads. */
int channel_send(int sock, int flags, struct iovec *iov, size_t n_iov, const int *fds, size_t n_fds);
/* The bytes read. Descriptors beyond `max` are closed. */
ssize_t channel_receive(int sock, int flags, void *buf, size_t size, int *fds, size_t max, size_t *ret_n);

#endif
