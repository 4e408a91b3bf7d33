/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* One object of all programs. Each is in the header of its family. */
#include "sensor/bpf/file.h"
#include "sensor/bpf/net.h"
#include "sensor/bpf/privilege.h"
#include "sensor/bpf/process.h"
#include "sensor/bpf/uring.h"

char LICENSE[] SEC("license") = "GPL";
