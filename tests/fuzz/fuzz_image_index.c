/* SPDX-License-Identifier: Apache-2.0 */
/* File indexes as a damaged cache may hold them, each without its last 12 bytes (see fuzz_layer_file.c). */
#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "oci/layer_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf file = { 0 };

        buf_add(&file, data, size);
        wire_put_u32(&file, checksum_crc32c(0, data, size));
        wire_put_u32(&file, LAYER_FILE_VERSION);
        wire_put_u32(&file, IMAGE_INDEX_MAGIC);
        if (buf_ok(&file))
                fuzz_accepted += fuzz_read_index(fuzz_file(file.data, file.len), false);
        return 0;
}
