/* SPDX-License-Identifier: Apache-2.0 */
/* What overlayfs writes beside files to say how a layer changes those below (Documentation/filesystems/overlayfs.rst). */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "oci/tree_private.h"

#define VALUE_MAX 256 /* bytes of an attribute's value; only its first one counts */

enum mark { MARK_OPAQUE, MARK_REDIRECT, MARK_METACOPY };

/* The first byte of the attribute, 0: it is not there, or empty. */
static char read_mark(const struct layer_request *request, int fd, enum mark mark, bool *ret_there)
{
        static const char *const names[][2] = {
                [MARK_OPAQUE] = { "trusted.overlay.opaque", "user.overlay.opaque" },
                [MARK_REDIRECT] = { "trusted.overlay.redirect", "user.overlay.redirect" },
                [MARK_METACOPY] = { "trusted.overlay.metacopy", "user.overlay.metacopy" },
        };
        char value[VALUE_MAX];
        ssize_t n;

        *ret_there = false;
        if (request->marks == LAYER_MARKS_NONE)
                return 0;
        n = fgetxattr(fd, names[mark][request->marks == LAYER_MARKS_USER], value, sizeof(value));
        *ret_there = n >= 0 || errno == ERANGE;
        return n > 0 ? value[0] : 0;
}

int tree_send_marks(const struct layer_request *request, struct tree_sender *sender, struct str path, int fd, struct error *err)
{
        struct file_entry mark = { .type = FILE_OPAQUE, .path = path };
        bool is_there, is_moved;
        char opaque = read_mark(request, fd, MARK_OPAQUE, &is_there);
        int r = opaque == 'y' ? tree_send_entry(sender, &mark, NULL, err) : 0;

        read_mark(request, fd, MARK_REDIRECT, &is_moved);
        if (r < 0 || !is_moved)
                return r;
        return tree_send_problem(sender, err, PROBLEM_GAP, path,
                                 "this directory was renamed: what lower layers have of it is not shown under its new name");
}

bool tree_is_metacopy(const struct layer_request *request, int fd)
{
        bool is_there;

        read_mark(request, fd, MARK_METACOPY, &is_there);
        return is_there;
}

bool tree_is_whiteout(const struct layer_request *request, const struct stat *st)
{
        return request->marks != LAYER_MARKS_NONE && S_ISCHR(st->st_mode) && st->st_rdev == 0;
}
