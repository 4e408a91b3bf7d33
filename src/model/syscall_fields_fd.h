/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the table of fields (syscall_fields.c): fd.*, fdlist.*, fs.*, group.*, image.* and k8s.*, sorted by name. */
F("fd.cip", ADDRESS, fd, WHAT_CLIENT_IP, FILES, "Address of the client.")
F("fd.cip.name", STRING, fd, WHAT_CLIENT_NAMES, DNS,
  "Name under which the address of the client was looked up.", OF_EITHER)
F("fd.cnet", NETWORK, fd, WHAT_CLIENT_IP, FILES, "Address of the client, to be compared with networks.")
F("fd.connected", BOOL, fd, FD_connected, FILES, "Whether a socket is connected.")
F("fd.containerdirectory", STRING, fd, WHAT_IN_CONTAINER_DIRECTORY, FILES,
  "container.id and fd.directory with a colon between them.")
F("fd.containername", STRING, fd, WHAT_IN_CONTAINER_NAME, FILES,
  "container.id and fd.name with a colon between them.")
F("fd.cport", NUMBER, fd, WHAT_CLIENT_PORT, FILES, "Port of the client.")
F("fd.cproto", STRING, fd, WHAT_CLIENT_PROTO, FILES, "Port of the client as text.")
F("fd.dev", NUMBER, fd, FD_dev, FILES, "Number of the device that holds the file.")
F("fd.dev.major", NUMBER, fd, WHAT_DEV_MAJOR, FILES, "Major number of the device that holds the file.")
F("fd.dev.minor", NUMBER, fd, WHAT_DEV_MINOR, FILES, "Minor number of the device that holds the file.")
F("fd.directory", PATH, fd, WHAT_DIRECTORY, FILES, "Directory of a file.")
F("fd.filename", STRING, fd, WHAT_FILE_NAME, FILES, "Name of a file without its directory.")
F("fd.ino", NUMBER, fd, FD_ino, FILES, "Inode of the file.")
F("fd.ip", ADDRESS, fd, WHAT_BOTH_IPS, FILES, "Address of either end of a connection.", OF_EITHER)
F("fd.is_lower_layer", BOOL, fd, FD_lower_layer, FILES, "Whether the file is in a layer of the image.")
F("fd.is_server", BOOL, fd, FD_is_server, FILES, "Whether the process is the server of the connection.")
F("fd.is_upper_layer", BOOL, fd, FD_upper_layer, FILES, "Whether the file is in the writable layer of its container.")
F("fd.l4proto", STRING, fd, FD_l4proto, FILES, "Protocol of a socket: tcp, udp, icmp or raw.")
F("fd.lip", ADDRESS, fd, WHAT_LOCAL_IP, FILES, "Address of this end.")
F("fd.lip.name", STRING, fd, WHAT_LOCAL_NAMES, DNS,
  "Name under which the address of this end was looked up.", OF_EITHER)
F("fd.lnet", NETWORK, fd, WHAT_LOCAL_IP, FILES, "Address of this end, to be compared with networks.")
F("fd.lport", NUMBER, fd, WHAT_LOCAL_PORT, FILES, "Port of this end.")
F("fd.lproto", STRING, fd, WHAT_LOCAL_PROTO, FILES, "Port of this end as text.")
F("fd.name", PATH, fd, WHAT_NAME, FILES, "Path of a file as the kernel resolved it, or both ends of a connection.")
F("fd.name_changed", BOOL, fd, FD_name_changed, FILES, "Whether the event changed fd.name.")
F("fd.nameraw", STRING, fd, WHAT_NAME_RAW, FILES, "Path of a file as the program wrote it.")
F("fd.net", NETWORK, fd, WHAT_BOTH_IPS, FILES,
  "Address of either end of a connection, to be compared with networks.", OF_EITHER)
F("fd.num", NUMBER, fd, FD_num, FILES, "Number of the descriptor; negative where none was made.")
F("fd.port", NUMBER, fd, WHAT_BOTH_PORTS, FILES, "Port of either end of a connection.", OF_EITHER)
F("fd.proto", NUMBER, fd, WHAT_BOTH_PORTS, FILES, "The same as fd.port.", OF_EITHER)
F("fd.rip", ADDRESS, fd, WHAT_REMOTE_IP, FILES, "Address of the other end.")
F("fd.rip.name", STRING, fd, WHAT_REMOTE_NAMES, DNS,
  "Name under which the address of the other end was looked up.", OF_EITHER)
F("fd.rnet", NETWORK, fd, WHAT_REMOTE_IP, FILES, "Address of the other end, to be compared with networks.")
F("fd.rport", NUMBER, fd, WHAT_REMOTE_PORT, FILES, "Port of the other end.")
F("fd.rproto", STRING, fd, WHAT_REMOTE_PROTO, FILES, "Port of the other end as text.")
F("fd.sip", ADDRESS, fd, WHAT_SERVER_IP, FILES,
  "Address of the server; there is none while it is not known who serves.")
F("fd.sip.name", STRING, fd, WHAT_SERVER_NAMES, DNS,
  "Name under which the address of the server was looked up.", OF_EITHER)
F("fd.snet", NETWORK, fd, WHAT_SERVER_IP, FILES, "Address of the server, to be compared with networks.")
F("fd.sockfamily", STRING, fd, WHAT_FAMILY, FILES, "Family of a socket: ip or unix.")
F("fd.sport", NUMBER, fd, WHAT_SERVER_PORT, FILES, "Port of the server.")
F("fd.sproto", STRING, fd, WHAT_SERVER_PROTO, FILES, "Port of the server as text.")
F("fd.type", STRING, fd, WHAT_TYPE, FILES,
  "What it is: file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, inotify, memfd and so on.")
F("fd.typechar", STRING, fd, WHAT_TYPE_CHAR, FILES,
  "fd.type as a letter: f file, d directory, 4, 6, u unix, p pipe, e event, m memfd, o other.")
F("fd.types", STRING, given, 0, RECORD,
  "Types of all open descriptors, each once, or of one by its number.", MAY_HAVE_INDEX, .is_list = true)
F("fd.uid", STRING, fd, WHAT_FD_UID, FILES, "thread.tid and fd.num without anything between them.")
F("fdlist.cips", STRING, given, 0, RECORD,
  "Addresses of the clients of the descriptors that a poll waits for, with commas between them.")
F("fdlist.cports", STRING, given, 0, RECORD,
  "Ports of the clients of the descriptors that a poll waits for, with commas between them.")
F("fdlist.names", STRING, given, 0, RECORD,
  "Names of the descriptors that a poll waits for, with commas between them.")
F("fdlist.nums", STRING, given, 0, RECORD,
  "Numbers of the descriptors that a poll waits for, with commas between them.")
F("fdlist.sips", STRING, given, 0, RECORD,
  "Addresses of the servers of the descriptors that a poll waits for, with commas between them.")
F("fdlist.sports", STRING, given, 0, RECORD,
  "Ports of the servers of the descriptors that a poll waits for, with commas between them.")
F("fs.path.name", PATH, event, WHAT_PATH, SENSOR, "Absolute path of the file that a successful call worked on.")
F("fs.path.nameraw", STRING, event, WHAT_PATH_RAW, SENSOR,
  "Path of the file that a successful call worked on, as the program wrote it.")
F("fs.path.source", PATH, event, WHAT_PATH_SOURCE, SENSOR,
  "Absolute path of what a successful rename, link or mount started from.")
F("fs.path.sourceraw", STRING, event, WHAT_PATH_SOURCE_RAW, SENSOR,
  "Path of what a successful rename, link or mount started from, as the program wrote it.")
F("fs.path.target", PATH, event, WHAT_PATH_TARGET, SENSOR,
  "Absolute path of what a successful rename, link or mount led to.")
F("fs.path.targetraw", STRING, event, WHAT_PATH_TARGET_RAW, SENSOR,
  "Path of what a successful rename, link or mount led to, as the program wrote it.")
F("group.gid", NUMBER, process, PROCESS_ID(WHOSE_SELF, PROCESS_gid), PROCESSES, "Group id of the process.")
F("group.name", STRING, process, PROCESS_ID(WHOSE_SELF, WHAT_GROUP_NAME), NAMES,
  "Name of that group, <NA> where it has none.")
F("image.file.layer", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_file_layer), IMAGES,
  "Number of the image's layer that the file that runs is from, 0 the lowest; unknown until the image was scanned.")
F("image.file.package", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_file_package), IMAGES,
  "Package URL of the package that owns the file that runs; unknown until the image was scanned.")
F("image.file.path", PATH, process, PROCESS_ID(WHOSE_SELF, PROCESS_file_path), IMAGES,
  "Path of the file that runs where the image has one there; unknown until the image was scanned.")
F("image.file.state", STRING, process, PROCESS_ID(WHOSE_SELF, PROCESS_file_state), IMAGES,
  "The file that runs, held against the image: unmodified, metadata, modified, new, volume, memfd or deleted.")
F("k8s.deployment.id", STRING, given, 0, RECORD, "Deprecated: id of the deployment.")
F("k8s.deployment.label", STRING, given, 0, RECORD,
  "Deprecated: a label of the deployment by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.deployment.labels", STRING, given, 0, RECORD, "Deprecated: labels of the deployment.")
F("k8s.deployment.name", STRING, given, 0, RECORD, "Deprecated: name of the deployment.")
F("k8s.ns.id", STRING, given, 0, RECORD, "Deprecated: id of the namespace.")
F("k8s.ns.label", STRING, given, 0, RECORD, "Deprecated: a label of the namespace by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.ns.labels", STRING, given, 0, RECORD, "Deprecated: labels of the namespace.")
F("k8s.ns.name", STRING, container, CONTAINER_pod_namespace, CONTAINERS, "Namespace of the pod.")
F("k8s.pod.cni.json", STRING, container, CONTAINER_pod_cni, CONTAINERS,
  "What the network plugins made for the pod, as JSON.")
F("k8s.pod.full_sandbox_id", STRING, container, CONTAINER_pod_sandbox_id, CONTAINERS,
  "Whole id of the pod's sandbox.")
F("k8s.pod.id", STRING, container, CONTAINER_pod_uid, CONTAINERS, "The same as k8s.pod.uid.")
F("k8s.pod.ip", STRING, container, CONTAINER_pod_ip, CONTAINERS, "First address of the pod.")
F("k8s.pod.label", STRING, container, WHAT_POD_LABEL, CONTAINERS,
  "A label of the pod by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.pod.labels", STRING, container, WHAT_POD_LABELS, CONTAINERS,
  "All labels of the pod as name:value with commas between them.")
F("k8s.pod.name", STRING, container, CONTAINER_pod_name, CONTAINERS, "Name of the pod.")
F("k8s.pod.sandbox_id", STRING, container, WHAT_SANDBOX_ID, CONTAINERS,
  "First 12 characters of the id of the pod's sandbox.")
F("k8s.pod.uid", STRING, container, CONTAINER_pod_uid, CONTAINERS, "Unique id of the pod.")
F("k8s.rc.id", STRING, given, 0, RECORD, "Deprecated: id of the replication controller.")
F("k8s.rc.label", STRING, given, 0, RECORD,
  "Deprecated: a label of the replication controller by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.rc.labels", STRING, given, 0, RECORD, "Deprecated: labels of the replication controller.")
F("k8s.rc.name", STRING, given, 0, RECORD, "Deprecated: name of the replication controller.")
F("k8s.rs.id", STRING, given, 0, RECORD, "Deprecated: id of the replica set.")
F("k8s.rs.label", STRING, given, 0, RECORD,
  "Deprecated: a label of the replica set by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.rs.labels", STRING, given, 0, RECORD, "Deprecated: labels of the replica set.")
F("k8s.rs.name", STRING, given, 0, RECORD, "Deprecated: name of the replica set.")
F("k8s.svc.id", STRING, given, 0, RECORD, "Deprecated: id of the service.")
F("k8s.svc.label", STRING, given, 0, RECORD, "Deprecated: a label of the service by its name.", NEEDS_KEY, BY_SUFFIX)
F("k8s.svc.labels", STRING, given, 0, RECORD, "Deprecated: labels of the service.")
F("k8s.svc.name", STRING, given, 0, RECORD, "Deprecated: name of the service.")
