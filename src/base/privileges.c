/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/privileges.h"

static int become(const struct passwd *user, struct error *err)
{
        if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
                return error_set(err, -errno, "become the user '%s'", user->pw_name);
        /* Nothing is taken on trust: a process that could come back would be as good as root. */
        if (user->pw_uid != 0 && (setuid(0) == 0 || geteuid() == 0))
                return error_say(err, -EPERM, "the rights of root could not be given up");
        return 0;
}

int privileges_drop(const char *name, struct error *err)
{
        const struct passwd *user;
        int r = 0;

        if (geteuid() == 0) {
                errno = 0;
                user = getpwnam(name);
                if (!user)
                        return error_say(err, errno ? -errno : -ENOENT, "there is no user '%s'", name);
                r = become(user, err);
        }
        if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = error_set(err, -errno, "give up new privileges");
        return r;
}
