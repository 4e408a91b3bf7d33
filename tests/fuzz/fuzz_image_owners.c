/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of owners as a damaged cache may hold them, each without its last 12 bytes (see fuzz_layer_file.c). */
#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "oci/image_owners.h"
#include "oci/layer_format.h"

#define MAGIC 0x574f4d54u
#define LOOKED_AT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf file = { 0 };
        struct image_owners *owners = NULL;
        struct error err = ERROR_INIT;
        uint64_t n;

        buf_add(&file, data, size);
        wire_put_u32(&file, checksum_crc32c(0, data, size));
        wire_put_u32(&file, LAYER_FILE_VERSION);
        wire_put_u32(&file, MAGIC);
        if (!buf_ok(&file) || image_owners_open(fuzz_file(file.data, file.len), &owners, &err) < 0)
                return 0;
        fuzz_accepted++;
        n = image_owners_count(owners);
        for (uint64_t i = 0; i < n + 1 && i < LOOKED_AT; i++) {
                struct str text = image_owners_get(owners, i);

                for (size_t k = 0; k < text.n; k++)
                        HOLDS(text.p[k] == text.p[k]);
        }
        image_owners_free(owners);
        return 0;
}
