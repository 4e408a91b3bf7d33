/* SPDX-License-Identifier: Apache-2.0 */
/* container.* and k8s.* of source "syscall". */
#include "base/glob.h"
#include "model/syscall_private.h"

#define SHORT_ID 12

static void add_mount(struct value_text *text, const struct syscall_mount *mount)
{
        const struct str parts[] = { mount->source, mount->destination, mount->mode,
                                     mount->writable ? STR_LIT("true") : STR_LIT("false"), mount->propagation };

        for (size_t i = 0; i < ELEMENTS_OF(parts); i++) {
                if (i)
                        value_text_add(text, STR_LIT(":"));
                value_text_add(text, parts[i]);
        }
}

static void get_mounts(const struct syscall_container *c, struct value_scratch *scratch, struct value *ret)
{
        struct value_text text;

        if (!c->knows_mounts)
                return;
        text = value_text_begin(scratch);
        for (uint32_t i = 0; i < c->n_mounts; i++) {
                if (i)
                        value_text_add(&text, STR_LIT(","));
                add_mount(&text, &c->mounts[i]);
        }
        *ret = value_of_string(value_text_end(&text));
}

/* By number, or by a pattern for its source; the source itself is asked for by destination. */
static const struct syscall_mount *find_mount(const struct syscall_container *c, unsigned what,
                                              const struct field_argument *argument)
{
        if (argument->index >= 0)
                return argument->index < c->n_mounts ? &c->mounts[argument->index] : NULL;
        for (uint32_t i = 0; i < c->n_mounts; i++) {
                const struct syscall_mount *mount = &c->mounts[i];

                if (glob_match(argument->key, what == WHAT_MOUNT_SOURCE ? mount->destination : mount->source, false))
                        return mount;
        }
        return NULL;
}

static void get_mount(const struct syscall_container *c, unsigned what, const struct field_argument *argument,
                      struct value_scratch *scratch, struct value *ret)
{
        const struct syscall_mount *mount = find_mount(c, what, argument);
        struct value_text text;

        if (!mount)
                return;
        switch (what) {
        case WHAT_MOUNT:
                text = value_text_begin(scratch);
                add_mount(&text, mount);
                *ret = value_of_string(value_text_end(&text));
                return;
        case WHAT_MOUNT_SOURCE:
                *ret = value_of_string(mount->source);
                return;
        case WHAT_MOUNT_DESTINATION:
                *ret = value_of_string(mount->destination);
                return;
        case WHAT_MOUNT_MODE:
                *ret = value_of_string(mount->mode);
                return;
        case WHAT_MOUNT_WRITABLE:
                *ret = value_of_string(mount->writable ? STR_LIT("true") : STR_LIT("false"));
                return;
        default:
                *ret = value_of_string(mount->propagation);
                return;
        }
}

static void get_label(const struct syscall_pair *labels, uint32_t n, struct str key, struct value *ret)
{
        for (uint32_t i = 0; i < n; i++)
                if (str_equal(labels[i].name, key)) {
                        *ret = value_of_string(labels[i].value);
                        return;
                }
}

static void get_labels(const struct syscall_pair *labels, uint32_t n, struct value_scratch *scratch, struct value *ret)
{
        struct value_text text = value_text_begin(scratch);

        if (!n)
                return;
        for (uint32_t i = 0; i < n; i++) {
                if (i)
                        value_text_add(&text, STR_LIT(","));
                value_text_add(&text, labels[i].name);
                value_text_add(&text, STR_LIT(":"));
                value_text_add(&text, labels[i].value);
        }
        *ret = value_of_string(value_text_end(&text));
}

/* Of a container without a namespace of its own for processes the start is not known that way. */
static void get_times(const struct syscall_event *event, unsigned what, struct value *ret)
{
        const struct syscall_container *c = event->container;
        const struct syscall_process *p = event->process;
        int64_t duration;

        if (!member_read(c, container_members, CONTAINER_start, VALUE_TIME, ret) &&
            !(p && member_read(p, process_members, PROCESS_pidns_start, VALUE_TIME, ret)))
                return;
        if (what == WHAT_CONTAINER_START)
                return;
        if (!(event->known >> EVENT_time & 1) || __builtin_sub_overflow(event->time, ret->number, &duration))
                *ret = value_absent();
        else
                ret->number = duration;
}

static void get_short_id(const struct syscall_container *c, enum syscall_container_member own,
                         enum syscall_container_member whole, struct value *ret)
{
        if (!member_read(c, container_members, own, VALUE_STRING, ret) &&
            !member_read(c, container_members, whole, VALUE_STRING, ret))
                return;
        if (ret->string.n > SHORT_ID)
                ret->string.n = SHORT_ID;
}

/* There is no container: the event happened on the host. */
static void get_of_host(unsigned what, struct value *ret)
{
        if (what == WHAT_ID || what == WHAT_CONTAINER_NAME)
                *ret = value_of_string(STR_LIT("host"));
}

SYSCALL_GETTER(syscall_get_container)
{
        const struct syscall_event *event = fact->data;
        const struct syscall_container *c = event->container;
        unsigned what = field->id;

        *ret = value_absent();
        if (event->n_given && syscall_given(event, field, argument, ret))
                return;
        if (!c)
                get_of_host(what, ret);
        else if (what < CONTAINER_MEMBERS)
                member_read(c, container_members, what, field->type, ret);
        else if (what == WHAT_ID)
                get_short_id(c, CONTAINER_id, CONTAINER_full_id, ret);
        else if (what == WHAT_SANDBOX_ID)
                get_short_id(c, CONTAINER_pod_sandbox_id, CONTAINER_pod_sandbox_id, ret);
        else if (what == WHAT_CONTAINER_NAME)
                member_read(c, container_members, CONTAINER_name, VALUE_STRING, ret);
        else if (what == WHAT_CONTAINER_START || what == WHAT_CONTAINER_DURATION)
                get_times(event, what, ret);
        else if (what == WHAT_MOUNTS)
                get_mounts(c, scratch, ret);
        else if (what == WHAT_LABEL)
                get_label(c->labels, c->n_labels, argument->key, ret);
        else if (what == WHAT_LABELS)
                get_labels(c->labels, c->n_labels, scratch, ret);
        else if (what == WHAT_POD_LABEL)
                get_label(c->pod_labels, c->n_pod_labels, argument->key, ret);
        else if (what == WHAT_POD_LABELS)
                get_labels(c->pod_labels, c->n_pod_labels, scratch, ret);
        else
                get_mount(c, what, argument, scratch, ret);
}
