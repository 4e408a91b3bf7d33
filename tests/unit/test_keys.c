/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: who may read and change them, what is written, which are trusted. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signing.h"
#include "trust/key_file.h"

struct bench {
        char folder[64];
        struct sign_key *key;
        struct buf path, pem; /* of the public key */
};

/* The path of something in the folder; lasts until the next call. */
static const char *at(struct bench *b, const char *name)
{
        buf_clear(&b->path);
        buf_printf(&b->path, "%s/%s", b->folder, name);
        assert_true(buf_ok(&b->path));
        return b->path.data;
}

static int set_up(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));
        struct error err = ERROR_INIT;

        assert_non_null(b);
        umask(022);
        strcpy(b->folder, "/tmp/tallyman-keys-XXXXXX");
        assert_non_null(mkdtemp(b->folder));
        b->key = new_key();
        assert_int_equal(sign_key_write_public(b->key, &b->pem, &err), 0);
        *state = b;
        return 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", b->folder);
        assert_int_equal(system(command), 0);
        sign_key_free(b->key);
        buf_free(&b->path);
        buf_free(&b->pem);
        free(b);
        return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static mode_t mode_of(const char *path)
{
        struct stat st;

        assert_int_equal(lstat(path, &st), 0);
        return st.st_mode & 07777;
}

static void write_pair(struct bench *b, const char *name, const char *passphrase)
{
        struct error err = ERROR_INIT;

        if (trust_key_pair_write(at(b, name), b->key, str_from(passphrase), false, &err) < 0)
                fail_msg("%s", err.message);
}

/* ---- pairs ---- */

static void test_pair(void **state)
{
        struct bench *b = *state;
        _cleanup_(sign_key_freep) struct sign_key *private = NULL, *public = NULL;
        struct error err = ERROR_INIT;

        umask(0);
        write_pair(b, "team", "");
        assert_int_equal(mode_of(at(b, "team.key")), 0600);
        assert_int_equal(mode_of(at(b, "team.pub")), 0666);
        assert_int_equal(trust_private_key_read(at(b, "team.key"), STR_NULL, &private, &err), 0);
        assert_int_equal(trust_public_key_read(at(b, "team.pub"), &public, &err), 0);
        assert_string_equal(sign_key_id(private), sign_key_id(b->key));
        assert_string_equal(sign_key_id(public), sign_key_id(b->key));
}

static void test_no_pair_is_replaced_unasked(void **state)
{
        struct bench *b = *state;
        _cleanup_(sign_key_freep) struct sign_key *other = new_key(), *read = NULL;
        struct error err = ERROR_INIT;

        write_pair(b, "team", "");
        assert_int_equal(trust_key_pair_write(at(b, "team"), other, STR_NULL, false, &err), -EEXIST);
        assert_says(&err, "--force");
        assert_int_equal(unlink(at(b, "team.pub")), 0); /* one of them is enough */
        assert_int_equal(trust_key_pair_write(at(b, "team"), other, STR_NULL, false, &err), -EEXIST);
        assert_int_equal(access(at(b, "team.pub"), F_OK), -1);
        assert_int_equal(trust_private_key_read(at(b, "team.key"), STR_NULL, &read, &err), 0);
        assert_string_equal(sign_key_id(read), sign_key_id(b->key));
        read = sign_key_free(read);
        assert_int_equal(trust_key_pair_write(at(b, "team"), other, STR_NULL, true, &err), 0);
        assert_int_equal(trust_private_key_read(at(b, "team.key"), STR_NULL, &read, &err), 0);
        assert_string_equal(sign_key_id(read), sign_key_id(other));
}

/* A link of that name is replaced, not followed: the key is not written where somebody else wants it. */
static void test_links_are_not_followed(void **state)
{
        struct bench *b = *state;
        _cleanup_free_ char *target = strdup(at(b, "target"));
        struct error err = ERROR_INIT;
        struct stat st;

        write_file(target, "kept", 0644);
        assert_int_equal(symlink(target, at(b, "team.key")), 0);
        assert_int_equal(trust_key_pair_write(at(b, "team"), b->key, STR_NULL, false, &err), -EEXIST);
        assert_int_equal(trust_key_pair_write(at(b, "team"), b->key, STR_NULL, true, &err), 0);
        assert_int_equal(lstat(at(b, "team.key"), &st), 0);
        assert_true(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0600);
        assert_int_equal(stat(target, &st), 0);
        assert_int_equal(st.st_size, 4);
}

static void test_both_or_none(void **state)
{
        struct bench *b = *state;
        struct error err = ERROR_INIT;

        assert_int_equal(mkdir(at(b, "team.key"), 0700), 0); /* a file can not take its place */
        assert_true(trust_key_pair_write(at(b, "team"), b->key, STR_NULL, true, &err) < 0);
        assert_int_equal(access(at(b, "team.pub"), F_OK), -1);
        assert_int_equal(trust_key_pair_write(at(b, "nowhere/team"), b->key, STR_NULL, false, &err), -ENOENT);
        assert_int_equal(trust_key_pair_write(at(b, ""), b->key, STR_NULL, false, &err), -EINVAL);
}

/* ---- reading ---- */

static void test_private_keys_are_private(void **state)
{
        static const struct {
                mode_t mode;
                int code;
        } modes[] = { { 0600, 0 },      { 0400, 0 },      { 0640, 0 },     { 0644, -EPERM },
                      { 0620, -EPERM }, { 0602, -EPERM }, { 0604, -EPERM } };
        struct bench *b = *state;

        write_pair(b, "team", "");
        for (size_t i = 0; i < ELEMENTS_OF(modes); i++) {
                _cleanup_(sign_key_freep) struct sign_key *key = NULL;
                struct error err = ERROR_INIT;

                assert_int_equal(chmod(at(b, "team.key"), modes[i].mode), 0);
                assert_int_equal(trust_private_key_read(at(b, "team.key"), STR_NULL, &key, &err), modes[i].code);
                if (modes[i].code)
                        assert_says(&err, "chmod 600");
        }
}

static void test_the_wrong_half(void **state)
{
        struct bench *b = *state;
        struct sign_key *key = NULL;
        struct error err = ERROR_INIT;

        write_pair(b, "team", "");
        write_pair(b, "sealed", "x");
        assert_int_equal(trust_private_key_read(at(b, "team.pub"), STR_NULL, &key, &err), -EINVAL);
        assert_says(&err, "is a public key");
        assert_int_equal(trust_public_key_read(at(b, "team.key"), &key, &err), -EINVAL);
        assert_says(&err, "is a private key");
        assert_int_equal(trust_public_key_read(at(b, "sealed.key"), &key, &err), -EINVAL);
        assert_says(&err, "is a private key");
        assert_int_equal(trust_private_key_read(at(b, "sealed.key"), STR_NULL, &key, &err), -ENOKEY);
        assert_says(&err, TRUST_PASSPHRASE_VARIABLE);
        assert_int_equal(trust_private_key_read(at(b, "none.key"), STR_NULL, &key, &err), -ENOENT);
        assert_null(key);
}

static void assert_passphrase(const char *file, const char *wanted)
{
        _cleanup_(secret_free) struct secret s = { 0 };
        struct error err = ERROR_INIT;

        if (trust_passphrase(file, &s, &err) < 0)
                fail_msg("%s", err.message);
        assert_true(str_equals(secret_str(&s), wanted));
}

static void assert_no_passphrase(const char *file, int code)
{
        _cleanup_(secret_free) struct secret s = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(trust_passphrase(file, &s, &err), code);
        assert_null(s.data);
}

static void test_passphrase(void **state)
{
        struct bench *b = *state;
        char long_one[SIGN_PASSPHRASE_MAX + 4] = "";

        unsetenv(TRUST_PASSPHRASE_VARIABLE);
        assert_passphrase(NULL, "");
        setenv(TRUST_PASSPHRASE_VARIABLE, "of the environment", 1);
        assert_passphrase(NULL, "of the environment");
        write_file(at(b, "p"), " two words \r\nsecond line\n", 0600);
        assert_passphrase(at(b, "p"), " two words ");
        write_file(at(b, "p"), "no end", 0600);
        assert_passphrase(at(b, "p"), "no end");
        write_file(at(b, "p"), "\nsecond line", 0600);
        assert_no_passphrase(at(b, "p"), -EINVAL);
        write_file(at(b, "p"), "", 0600);
        assert_no_passphrase(at(b, "p"), -EINVAL);
        write_file(at(b, "p"), "seen", 0644);
        assert_no_passphrase(at(b, "p"), -EPERM);
        assert_no_passphrase(at(b, "none"), -ENOENT);
        memset(long_one, 'x', SIGN_PASSPHRASE_MAX);
        write_file(at(b, "p"), long_one, 0600);
        assert_passphrase(at(b, "p"), long_one);
        memset(long_one, 'x', SIGN_PASSPHRASE_MAX + 1);
        write_file(at(b, "p"), long_one, 0600);
        assert_no_passphrase(at(b, "p"), -EINVAL);
        memset(long_one, 'x', SIGN_PASSPHRASE_MAX + 3);
        write_file(at(b, "p"), long_one, 0600);
        assert_no_passphrase(at(b, "p"), -E2BIG);
        setenv(TRUST_PASSPHRASE_VARIABLE, long_one, 1);
        assert_no_passphrase(NULL, -EINVAL);
        unsetenv(TRUST_PASSPHRASE_VARIABLE);
}

/* ---- trusted keys ---- */

static void make_folder(struct bench *b)
{
        assert_int_equal(mkdir(at(b, "config"), 0755), 0);
        assert_int_equal(mkdir(at(b, "config/keys"), 0755), 0);
}

static void add_folder(struct bench *b, struct trust_keys *keys)
{
        struct error err = ERROR_INIT;

        if (trust_keys_add_directory(keys, at(b, "config"), &err) < 0)
                fail_msg("%s", err.message);
}

static void test_folder(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        _cleanup_(sign_key_freep) struct sign_key *other = new_key();
        _cleanup_(buf_free) struct buf pem = { 0 };
        struct error err = ERROR_INIT;

        make_folder(b);
        assert_int_equal(sign_key_write_public(other, &pem, &err), 0);
        write_file(at(b, "config/keys/b.pub"), b->pem.data, 0644);
        write_file(at(b, "config/keys/a.pub"), pem.data, 0644);
        write_file(at(b, "config/keys/again.pub"), pem.data, 0644);
        write_file(at(b, "config/keys/.hidden.pub"), "x", 0644);
        write_file(at(b, "config/keys/README"), "x", 0644);
        add_folder(b, &keys);
        assert_true(keys.n == 2 && keys.n_refused == 0);
        assert_true(str_ends(str_from(keys.items[0].path), "/config/keys/a.pub"));
        assert_ptr_equal(trust_keys_find(&keys, str_from(sign_key_id(b->key))), &keys.items[1]);
        assert_null(trust_keys_find(&keys, STR_LIT("x")));
        add_folder(b, &keys);
        assert_int_equal(keys.n, 2);
}

static void test_no_folder(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };

        add_folder(b, &keys);
        assert_int_equal(mkdir(at(b, "config"), 0755), 0);
        add_folder(b, &keys);
        assert_true(keys.n == 0 && keys.n_refused == 0);
}

/* What others can change makes nobody trusted; that is told, and the rest is. */
static void test_what_others_can_change(void **state)
{
        struct bench *b = *state;
        static const char *const paths[] = { "config", "config/keys", "config/keys/a.pub" };

        make_folder(b);
        write_file(at(b, "config/keys/a.pub"), b->pem.data, 0644);
        for (size_t i = 0; i < ELEMENTS_OF(paths); i++) {
                for (unsigned who = 02; who <= 020; who <<= 3) {
                        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };

                        assert_int_equal(chmod(at(b, paths[i]), 0755 | who), 0);
                        add_folder(b, &keys);
                        assert_int_equal(chmod(at(b, paths[i]), 0755), 0);
                        assert_true(keys.n == 0 && keys.n_refused == 1);
                        assert_non_null(strstr(keys.refused[0], "chmod go-w"));
                }
        }
}

static void test_others_files(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };

        if (geteuid() != 0) {
                print_message("skipped: only root can give files away\n");
                skip();
        }
        make_folder(b);
        write_file(at(b, "config/keys/a.pub"), b->pem.data, 0644);
        assert_int_equal(chown(at(b, "config/keys/a.pub"), 12345, 0), 0);
        add_folder(b, &keys);
        assert_true(keys.n == 0 && keys.n_refused == 1);
        assert_non_null(strstr(keys.refused[0], "belongs to user 12345"));
}

static void test_odd_files(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        _cleanup_(buf_free) struct buf large = { 0 };

        make_folder(b);
        for (size_t i = 0; i <= SIGN_KEY_FILE_MAX; i++)
                buf_putc(&large, 'x');
        write_file(at(b, "config/keys/large.pub"), large.data, 0644);
        write_file(at(b, "config/keys/empty.pub"), "", 0644);
        assert_int_equal(mkdir(at(b, "config/keys/folder.pub"), 0755), 0);
        assert_int_equal(mkfifo(at(b, "config/keys/fifo.pub"), 0600), 0);
        assert_int_equal(symlink("nowhere", at(b, "config/keys/link.pub")), 0);
        write_file(at(b, "config/keys/z.pub"), b->pem.data, 0644);
        add_folder(b, &keys);
        assert_true(keys.n == 1 && keys.n_refused == 5);
}

/* Where keys are trusted without being named. */
static void test_standard_folders(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys xdg = { 0 }, home = { 0 };
        _cleanup_free_ char *folder = strdup(at(b, "config"));
        struct error err = ERROR_INIT;

        assert_int_equal(mkdir(folder, 0755), 0);
        assert_int_equal(mkdir(at(b, "config/tallyman"), 0755), 0);
        assert_int_equal(mkdir(at(b, "config/tallyman/keys"), 0755), 0);
        write_file(at(b, "config/tallyman/keys/a.pub"), b->pem.data, 0644);
        setenv("XDG_CONFIG_HOME", folder, 1);
        assert_int_equal(trust_keys_add_standard(&xdg, &err), 0);
        assert_non_null(trust_keys_find(&xdg, str_from(sign_key_id(b->key))));
        assert_int_equal(rename(folder, at(b, ".config")), 0);
        setenv("XDG_CONFIG_HOME", "relative", 1);
        setenv("HOME", b->folder, 1);
        assert_int_equal(trust_keys_add_standard(&home, &err), 0);
        assert_non_null(trust_keys_find(&home, str_from(sign_key_id(b->key))));
}

static void test_named_files(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        struct error err = ERROR_INIT;

        write_file(at(b, "a.pub"), b->pem.data, 0666); /* the user says so */
        assert_int_equal(trust_keys_add_file(&keys, at(b, "a.pub"), &err), 0);
        assert_int_equal(trust_keys_add_file(&keys, at(b, "a.pub"), &err), 0);
        assert_int_equal(keys.n, 1);
        assert_int_equal(trust_keys_add_file(&keys, at(b, "none.pub"), &err), -ENOENT);
        write_file(at(b, "b.pub"), "x", 0644);
        assert_int_equal(trust_keys_add_file(&keys, at(b, "b.pub"), &err), -EBADMSG);
        assert_says(&err, "b.pub");
}

static void test_too_many(void **state)
{
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        struct bench *b = *state;
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < TRUST_KEYS_MAX; i++) {
                _cleanup_(sign_key_freep) struct sign_key *key = new_key();

                trust_key(&keys, key);
        }
        write_file(at(b, "a.pub"), b->pem.data, 0644);
        assert_int_equal(trust_keys_add_file(&keys, at(b, "a.pub"), &err), -E2BIG);
        assert_int_equal(keys.n, TRUST_KEYS_MAX);
}

#define key_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                key_test(test_pair),
                key_test(test_no_pair_is_replaced_unasked),
                key_test(test_links_are_not_followed),
                key_test(test_both_or_none),
                key_test(test_private_keys_are_private),
                key_test(test_the_wrong_half),
                key_test(test_passphrase),
                key_test(test_folder),
                key_test(test_no_folder),
                key_test(test_what_others_can_change),
                key_test(test_others_files),
                key_test(test_odd_files),
                key_test(test_standard_folders),
                key_test(test_named_files),
                key_test(test_too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
