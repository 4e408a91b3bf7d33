/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored image, from its documents to the names of its layers: a byte of options, then the files of the layout or
 * archive, each "u32 size, name, u32 size, content". Documents are parsed here instead of in a worker; whatever they
 * say, layers have names in their one form, of which the bytes are found inside the archive or not at all.
 */
#include <errno.h>
#include <unistd.h>

#include "base/json.h"
#include "base/wire.h"
#include "fuzz.h"
#include "model/limits.h"
#include "model/path.h"
#include "oci/archive_worker.h"
#include "oci/load.h"

enum option {
        OPTION_DOCKER = 1,
        OPTION_TAG = 2,
        OPTION_PLATFORM = 4,
};

/* In the place of document_parse(), by the linker's --wrap. */
int __wrap_document_parse(struct document_reader *reader, enum document_kind kind, struct str text, struct arena *arena,
                          struct document *ret, struct error *err);

int __wrap_document_parse(struct document_reader *reader, enum document_kind kind, struct str text, struct arena *arena,
                          struct document *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf encoded = { 0 };
        int r = document_encode(kind, text, &encoded, err);

        return r < 0 ? r : document_decode(kind, buf_str(&encoded), arena, ret, err);
}

/* ---- the files ---- */

/* Tells the members of the archive `data`, whose content is where it stands in it. */
static int list_members(struct members *m, const uint8_t *data, size_t size, struct problem_list *problems,
                        struct error *err)
{
        struct wire_reader r = wire_reader(data + 1, size - 1);
        _cleanup_(buf_free) struct buf listed = { 0 };
        struct worker_frame frame = { .type = ARCHIVE_FRAME_MEMBERS };
        int code = 0;

        while (code == 0 && wire_left(&r)) {
                struct str name = wire_get_str(&r), content = wire_get_str(&r);

                if (r.bad)
                        break;
                buf_clear(&listed);
                wire_put_u8(&listed, MEMBER_FILE);
                wire_put_str(&listed, name);
                wire_put_str(&listed, STR_NULL);
                wire_put_u64(&listed, content.p ? (uint64_t)(content.p - (const char *)data) : 0);
                wire_put_u64(&listed, content.n);
                frame.payload = buf_str(&listed);
                code = buf_ok(&listed) ? members_take_frame(m, &frame, problems, err) : error_oom(err);
        }
        if (code == 0)
                members_sort(m, problems);
        return code;
}

/* ---- what came of them ---- */

static void check_layer(const struct loader *l, size_t i, size_t size)
{
        const struct layer_file_name *layer = &l->layers[i];
        _cleanup_(buf_free) struct buf path = { 0 };
        struct error err = ERROR_INIT;
        struct blob blob;

        HOLDS(layer->name);
        HOLDS(path_normalize(str_from(layer->name), &path, &err) == 0 && str_equals(buf_str(&path), layer->name));
        if (members_find(l->members, layer->name, &blob, &err) < 0)
                return;
        close(blob.fd);
        HOLDS(blob.offset <= size && blob.size <= size - blob.offset);
}

static void check_image(const struct loader *l, size_t size)
{
        const struct image *image = l->image;
        json_error_t why;

        HOLDS(image->n_layers <= LIMIT_LAYERS);
        for (size_t i = 0; i < image->n_layers; i++)
                check_layer(l, i, size);
        for (size_t i = 0; i < image->n_repo_tags; i++)
                HOLDS(image->repo_tags[i]);
        if (image->config) {
                _cleanup_json_ json_t *config = json_loadb(image->config, image->config_size, JSON_ALLOW_NUL, &why);

                HOLDS(json_is_object(config));
                HOLDS(digest_is_set(&image->image_id));
        }
}

static bool is_failure(int code)
{
        return code == -ENOENT || code == -EINVAL || code == -EBADMSG || code == -ENOTSUP || code == -E2BIG;
}

static void load(struct loader *l, const uint8_t *data, size_t size)
{
        struct error err = ERROR_INIT;
        int r = list_members(l->members, data, size, l->problems, &err);

        if (r < 0)
                return;
        l->selection = (struct selection){
                .platform = { (char *)"linux", (char *)"amd64", NULL },
                .tag = data[0] & OPTION_TAG ? "latest" : NULL,
                .platform_asked = data[0] & OPTION_PLATFORM,
        };
        r = data[0] & OPTION_DOCKER ? load_docker(l, &err) : load_oci(l, &err);
        if (r < 0) {
                HOLDS_OR(is_failure(r) && err.code == r && *err.message, err);
                return;
        }
        check_image(l, size);
        fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct loader l = { .image = image_new(), .problems = &problems };
        struct error err = ERROR_INIT;

        if (l.image && size && members_new_archive(fuzz_file(data, size), size, &l.members, &err) == 0)
                load(&l, data, size);
        members_free(l.members);
        image_free(l.image);
        return 0;
}
