/* SPDX-License-Identifier: Apache-2.0 */
/* At build time: `docgen man [COMMAND]` and `docgen completion SHELL` print what is installed. */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

int main(int argc, char **argv)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        int r = 0;

        if (argc == 2 && strcmp(argv[1], "man") == 0)
                man_page(NULL, &text);
        else if (argc == 3 && strcmp(argv[1], "man") == 0 && command_find(argv[2]))
                man_page(command_find(argv[2]), &text);
        else if (argc == 3 && strcmp(argv[1], "completion") == 0)
                r = completion_script(argv[2], &text, &err);
        else
                r = error_say(&err, -1, "usage: docgen man [COMMAND] | docgen completion SHELL");
        if (r >= 0)
                r = print_text(&text, &err);
        if (r < 0)
                fprintf(stderr, "docgen: %s\n", err.message);
        return r < 0;
}
