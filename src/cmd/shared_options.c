/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/shared_options.h"

const struct help_item scan_terms[] = {
        { "oci-dir:DIR[:TAG]", "An OCI image layout in a directory." },
        { "oci-archive:FILE[:TAG]", "An OCI image layout in a tar archive." },
        { "docker-archive:FILE[:TAG]", "What docker save writes, in its old and new layouts." },
        { "dir:PATH", "A directory that holds a root file system." },
        { "overlay:LOWEST[:NEXT...]", "Directories that overlayfs lays over one another, the lowest first." },
        { "container:NAME", "The root file system of a container that runs, as it is now: by its name, or how its id begins." },
        { "layer-bytes=SIZE", "Limit: inflated bytes of one layer, holes counted; with K, M, G or T. The default is 64G." },
        { "ratio=N", "Limit: inflated to compressed bytes of a layer beyond the first GiB. The default is 500." },
        { "files=N", "Limit: entries of one layer. The default is 20000000." },
        { "depth=N", "Limit: components of a path. The default is 4096." },
        { "seconds=N", "Limit: CPU time of the worker that reads a layer. The default is 600." },
        { NULL },
};

const char *const table_or_json[] = { "table", "json", NULL };

const struct option_spec rules_options[] = {
        TRUST_RULES_OPTION,
        { NULL },
};

const char *const matchings[] = { "all", "first", NULL };

const struct help_item output_terms[] = {
        { "[FORMAT:]-", "Standard output." },
        { "[FORMAT:]FILE", "A file that is appended to. At 64 MiB it becomes FILE.1; five of those are kept." },
        { "[FORMAT:]syslog", "The system's log." },
        { "[FORMAT:]http://… https://…", "A server that takes each alert by POST. What it does not take is tried again a few times." },
        { "[FORMAT:]|COMMAND", "A program that reads a line for each alert. It is started again when it ends." },
        { "text, json, falco, ocsf", "Formats: for people, Tallyman's JSON, Falco's JSON, OCSF Detection Finding. The default is text for "
                                     "standard output and syslog, json for the rest." },
        { NULL },
};

const struct option_spec db_format_options[] = {
        { "format", 'f', "FORMAT", "How it is written. The default is table.", table_or_json },
        { NULL },
};
