/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the table of fields (syscall_fields.c): proc.*, syscall.*, thread.* and user.*, sorted by name. */
F("proc.aargs", STRING, process, PROCESS_ID(WHOSE_ANCESTOR, WHAT_ARGS), PROCESSES,
  "Arguments of an ancestor by its distance; without a number: of any.", OF_ANCESTORS)
F("proc.acmdline", STRING, process, PROCESS_ID(WHOSE_ANCESTOR, WHAT_CMDLINE), PROCESSES,
  "proc.cmdline of an ancestor by its distance; without a number: of any.", OF_ANCESTORS)
F("proc.aenv", STRING, process, PROCESS_ID(WHOSE_ANCESTOR, WHAT_ENV), PROCESSES,
  "A variable by its name from the nearest ancestor that has it, or all of an ancestor by its distance.",
  MAY_HAVE_KEY)
F("proc.aexe", STRING, process, PROCESS_ID(WHOSE_ANCESTOR, PROCESS_exe), PROCESSES,
  "proc.exe of an ancestor by its distance, 1 is the parent; without a number: of any.", OF_ANCESTORS)
F("proc.aexepath", PATH, process, PROCESS_ID(WHOSE_ANCESTOR, PROCESS_exepath), PROCESSES,
  "proc.exepath of an ancestor by its distance; without a number: of any.", OF_ANCESTORS)
F("proc.aname", STRING, process, PROCESS_ID(WHOSE_ANCESTOR, PROCESS_name), PROCESSES,
  "proc.name of an ancestor by its distance, 1 is the parent; without a number: of any.", OF_ANCESTORS)
F("proc.apid", NUMBER, process, PROCESS_ID(WHOSE_ANCESTOR, PROCESS_pid), PROCESSES,
  "proc.pid of an ancestor by its distance; without a number: of any.", OF_ANCESTORS)
F("proc.args", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_ARGS), PROCESSES,
  "Arguments of the command with blanks between them, or one by its number from 0.", MAY_HAVE_INDEX)
F("proc.cmdlenargs", NUMBER, process, PROCESS_ID(WHOSE_SELF, WHAT_ARGS_LENGTH), PROCESSES,
  "Bytes of all arguments together.")
F("proc.cmdline", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_CMDLINE), PROCESSES, "proc.name and proc.args.")
F("proc.cmdnargs", NUMBER, process, PROCESS_ID(WHOSE_SELF, WHAT_N_ARGS), PROCESSES,
  "How many arguments the command has.")
F("proc.cwd", PATH, process, PROCESS_ID(WHOSE_SELF, PROCESS_cwd), PROCESSES, "Working directory.")
F("proc.duration", TIME, process, PROCESS_ID(WHOSE_SELF, WHAT_DURATION), PROCESSES,
  "Nanoseconds since the process started.")
F("proc.env", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_ENV), PROCESSES,
  "Environment with blanks between its variables, or the value of one by its name.", MAY_HAVE_KEY)
F("proc.exe", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe), PROCESSES,
  "First word of the command as it was given (argv[0]).")
F("proc.exe_ino", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_ino), PROCESSES, "Inode of the file that runs.")
F("proc.exe_ino.ctime", TIME, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_ctime), PROCESSES,
  "When the inode of the file that runs was changed last, in nanoseconds since the epoch.")
F("proc.exe_ino.ctime_duration_pidns_start", TIME, process, PROCESS_ID(WHOSE_SELF, WHAT_CTIME_TO_PIDNS), PROCESSES,
  "Nanoseconds from the start of the process namespace to proc.exe_ino.ctime.")
F("proc.exe_ino.ctime_duration_proc_start", TIME, process, PROCESS_ID(WHOSE_SELF, WHAT_CTIME_TO_START), PROCESSES,
  "Nanoseconds from proc.exe_ino.ctime to the start of the process.")
F("proc.exe_ino.mtime", TIME, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_mtime), PROCESSES,
  "When the content of the file that runs was changed last, in nanoseconds since the epoch.")
F("proc.exeline", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_EXELINE), PROCESSES, "proc.exe and proc.args.")
F("proc.exepath", PATH, process, PROCESS_ID(WHOSE_SELF, PROCESS_exepath), PROCESSES, "Path of the file that runs.")
F("proc.fdlimit", NUMBER, given, 0, RECORD, "How many descriptors it may have open.")
F("proc.fdopencount", NUMBER, given, 0, RECORD, "How many descriptors the process has open.")
F("proc.fdusage", NUMBER, given, 0, RECORD, "Share of its descriptors that are open, in per cent.")
F("proc.is_container_healthcheck", BOOL, given, 0, RECORD,
  "Deprecated: whether the process is the container's health check.")
F("proc.is_container_liveness_probe", BOOL, given, 0, RECORD,
  "Deprecated: whether the process is the container's liveness probe.")
F("proc.is_container_readiness_probe", BOOL, given, 0, RECORD,
  "Deprecated: whether the process is the container's readiness probe.")
F("proc.is_exe_from_memfd", BOOL, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_from_memfd), PROCESSES,
  "Whether the file that runs exists only in memory (memfd_create).")
F("proc.is_exe_lower_layer", BOOL, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_lower_layer), PROCESSES,
  "Whether the file that runs is in a layer of the image.")
F("proc.is_exe_upper_layer", BOOL, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_upper_layer), PROCESSES,
  "Whether the file that runs is in the writable layer of its container.")
F("proc.is_exe_writable", BOOL, process, PROCESS_ID(WHOSE_SELF, PROCESS_exe_writable), PROCESSES,
  "Whether the process could write to the file that runs.")
F("proc.is_pgid_leader", BOOL, process, PROCESS_ID(WHOSE_SELF, WHAT_GROUP_LEADER), PROCESSES,
  "Whether the process leads its process group.")
F("proc.is_sid_leader", BOOL, process, PROCESS_ID(WHOSE_SELF, WHAT_SESSION_LEADER), PROCESSES,
  "Whether the process leads its session.")
F("proc.is_vpgid_leader", BOOL, process, PROCESS_ID(WHOSE_SELF, WHAT_VGROUP_LEADER), PROCESSES,
  "Whether the process leads its process group, by the ids that it sees itself.")
F("proc.loginshellid", NUMBER, process, PROCESS_ID(WHOSE_SELF, WHAT_LOGIN_SHELL), PROCESSES,
  "Process id of the eldest shell among the process and its ancestors.")
F("proc.name", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_name), PROCESSES,
  "Name of the process as the kernel keeps it: at most 15 bytes.")
F("proc.nchilds", NUMBER, given, 0, RECORD, "How many threads it has beside the first.")
F("proc.nthreads", NUMBER, given, 0, RECORD, "How many threads it has.")
F("proc.pcmdline", STRING, process, PROCESS_ID(WHOSE_PARENT, WHAT_CMDLINE), PROCESSES, "proc.cmdline of the parent.")
F("proc.pexe", STRING, process, PROCESS_ID(WHOSE_PARENT, PROCESS_exe), PROCESSES, "proc.exe of the parent.")
F("proc.pexepath", PATH, process, PROCESS_ID(WHOSE_PARENT, PROCESS_exepath), PROCESSES, "proc.exepath of the parent.")
F("proc.pgid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_pgid), PROCESSES,
  "Process group id as the host sees it.")
F("proc.pgid.exe", STRING, process, PROCESS_ID(WHOSE_GROUP, PROCESS_exe), PROCESSES,
  "proc.exe of the eldest ancestor in the same process group.")
F("proc.pgid.exepath", PATH, process, PROCESS_ID(WHOSE_GROUP, PROCESS_exepath), PROCESSES,
  "proc.exepath of the eldest ancestor in the same process group.")
F("proc.pgid.name", STRING, process, PROCESS_ID(WHOSE_GROUP, PROCESS_name), PROCESSES,
  "proc.name of the eldest ancestor in the same process group.")
F("proc.pid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_pid), PROCESSES, "Process id as the host sees it.")
F("proc.pid.ts", TIME, process, PROCESS_ID(WHOSE_SELF, PROCESS_start), PROCESSES,
  "When the process started, in nanoseconds since the epoch.")
F("proc.pidns_init_start_ts", TIME, process, PROCESS_ID(WHOSE_SELF, PROCESS_pidns_start), PROCESSES,
  "When the first process of the namespace started, in nanoseconds since the epoch.")
F("proc.pname", STRING, process, PROCESS_ID(WHOSE_PARENT, PROCESS_name), PROCESSES, "proc.name of the parent.")
F("proc.ppid", NUMBER, process, PROCESS_ID(WHOSE_PARENT, PROCESS_pid), PROCESSES, "proc.pid of the parent.")
F("proc.ppid.duration", TIME, process, PROCESS_ID(WHOSE_PARENT, WHAT_DURATION), PROCESSES,
  "Nanoseconds since the parent started.")
F("proc.ppid.ts", TIME, process, PROCESS_ID(WHOSE_PARENT, PROCESS_start), PROCESSES,
  "When the parent started, in nanoseconds since the epoch.")
F("proc.pvpid", NUMBER, process, PROCESS_ID(WHOSE_PARENT, PROCESS_vpid), PROCESSES, "proc.vpid of the parent.")
F("proc.sid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_sid), PROCESSES, "Session id.")
F("proc.sid.exe", STRING, process, PROCESS_ID(WHOSE_SESSION, PROCESS_exe), PROCESSES,
  "proc.exe of the eldest ancestor in the same session.")
F("proc.sid.exepath", PATH, process, PROCESS_ID(WHOSE_SESSION, PROCESS_exepath), PROCESSES,
  "proc.exepath of the eldest ancestor in the same session.")
F("proc.sname", STRING, process, PROCESS_ID(WHOSE_SESSION, PROCESS_name), PROCESSES,
  "proc.name of the eldest ancestor in the same session.")
F("proc.stderr.name", STRING, given, 0, RECORD, "Name of what stderr is connected to, as fd.name.")
F("proc.stderr.type", STRING, given, 0, RECORD, "Type of what stderr is connected to, as fd.type.")
F("proc.stdin.name", STRING, given, 0, RECORD, "Name of what stdin is connected to, as fd.name.")
F("proc.stdin.type", STRING, given, 0, RECORD, "Type of what stdin is connected to, as fd.type.")
F("proc.stdout.name", STRING, given, 0, RECORD, "Name of what stdout is connected to, as fd.name.")
F("proc.stdout.type", STRING, given, 0, RECORD, "Type of what stdout is connected to, as fd.type.")
F("proc.tty", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_tty), PROCESSES,
  "Device number of the terminal, 0 if there is none.")
F("proc.vmrss", NUMBER, given, 0, RECORD, "Its resident memory in KiB.")
F("proc.vmsize", NUMBER, given, 0, RECORD, "Its virtual memory in KiB.")
F("proc.vmswap", NUMBER, given, 0, RECORD, "Its swapped memory in KiB.")
F("proc.vpgid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_vpgid), PROCESSES,
  "Process group id as the process itself sees it.")
F("proc.vpgid.exe", STRING, process, PROCESS_ID(WHOSE_VGROUP, PROCESS_exe), PROCESSES,
  "proc.exe of the eldest ancestor with the same proc.vpgid.")
F("proc.vpgid.exepath", PATH, process, PROCESS_ID(WHOSE_VGROUP, PROCESS_exepath), PROCESSES,
  "proc.exepath of the eldest ancestor with the same proc.vpgid.")
F("proc.vpgid.name", STRING, process, PROCESS_ID(WHOSE_VGROUP, PROCESS_name), PROCESSES,
  "proc.name of the eldest ancestor with the same proc.vpgid.")
F("proc.vpid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_vpid), PROCESSES,
  "Process id as the process itself sees it.")
F("syscall.type", STRING, event, WHAT_KIND, SENSOR,
  "Name of the system call; the same as evt.type.", .names_event = true)
F("thread.cap_effective", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_CAP_EFFECTIVE), PROCESSES,
  "Names of the effective capabilities with blanks between them.")
F("thread.cap_inheritable", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_CAP_INHERITABLE), PROCESSES,
  "Names of the inheritable capabilities with blanks between them.")
F("thread.cap_permitted", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_CAP_PERMITTED), PROCESSES,
  "Names of the permitted capabilities with blanks between them.")
F("thread.cgroup", STRING, given, 0, RECORD,
  "Control group of the thread in one hierarchy by the name of its controller.", NEEDS_KEY, BY_SUFFIX)
F("thread.cgroups", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_cgroup), PROCESSES,
  "Control group of the thread.")
F("thread.cpu", NUMBER, given, 0, RECORD, "Processor time of the last second, in per cent.")
F("thread.cpu.system", NUMBER, given, 0, RECORD, "Its share in the kernel.")
F("thread.cpu.user", NUMBER, given, 0, RECORD, "Its share in the program itself.")
F("thread.exectime", TIME, given, 0, RECORD, "Nanoseconds that the thread ran before it was switched out.")
F("thread.ismain", BOOL, process, PROCESS_ID(WHOSE_SELF, WHAT_IS_MAIN), PROCESSES,
  "Whether the thread is the first of its process.")
F("thread.nametid", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_NAME_TID), PROCESSES,
  "proc.name and thread.tid without anything between them.")
F("thread.pfmajor", NUMBER, given, 0, RECORD, "Page faults that had to wait for the disk.")
F("thread.pfminor", NUMBER, given, 0, RECORD, "Page faults that had not.")
F("thread.tid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_tid), PROCESSES, "Thread id as the host sees it.")
F("thread.totexectime", TIME, given, 0, RECORD, "Nanoseconds that the thread ran since watching began.")
F("thread.vmrss", NUMBER, given, 0, RECORD, "Resident memory in KiB, 0 of all threads but the first.")
F("thread.vmsize", NUMBER, given, 0, RECORD, "Virtual memory in KiB, 0 of all threads but the first.")
F("thread.vtid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_vtid), PROCESSES,
  "Thread id as the process itself sees it.")
F("user.homedir", PATH, process, PROCESS_ID(WHOSE_SELF, WHAT_HOME), NAMES,
  "Home directory of that user, <NA> where it is not known.")
F("user.loginname", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_LOGIN_NAME), NAMES,
  "Name of the user at login, <NA> where it is not known.")
F("user.loginuid", NUMBER, process, PROCESS_ID(WHOSE_SELF, WHAT_LOGINUID), PROCESSES,
  "User id at login, -1 where nobody logged in.")
F("user.name", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_USER_NAME), NAMES,
  "Name of that user, <NA> where it has none.")
F("user.shell", PATH, process, PROCESS_ID(WHOSE_SELF, WHAT_USER_SHELL), NAMES,
  "Shell of that user, <NA> where it is not known.")
F("user.uid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_uid), PROCESSES, "User id of the process.")
