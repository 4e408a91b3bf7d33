/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to pipeline/: what the two sides of the scanner of images say to each other, a message each (SOCK_SEQPACKET).
 *   request   u8 kind, key; of SCANNER_SCAN then u8 marks, u64 pid, u32 count, paths
 *   answer    u8 kind, key, i32 code, u8 whole, message; with it the index and the owners where the code is 0
 */
#ifndef TALLYMAN_PIPELINE_IMAGE_SCANNER_PRIVATE_H
#define TALLYMAN_PIPELINE_IMAGE_SCANNER_PRIVATE_H

#include "pipeline/image_scanner.h"

#define SCANNER_FIND 1
#define SCANNER_SCAN 2

#define SCANNER_KEY 64                    /* bytes of a key's text */
#define SCANNER_REQUEST_MAX (160u << 10)  /* bytes; a socket carries little more in one piece */
#define SCANNER_ANSWER_MAX (ERROR_MESSAGE_MAX + 128)

/* Serves until nobody is at the other end. */
_Noreturn void scanner_main(int sock);

#endif
