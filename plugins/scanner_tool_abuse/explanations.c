/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* What each rule is about, and why it decides as it does: for people (`uapictl scan --explain`). */
#include "rule.h"

#define ARGUMENT_IS "the whole argument, and "
#define RUN "a command where it would run, "

static const scanner_explanation rows[] = {
    {"path_traversal", "Path that climbs out of its folder", ARGUMENT_IS "how far its path climbs and where it ends"},
    {"encoded_traversal", "Climbing path in a spelling for decoders",
     ARGUMENT_IS "dots or separators that no program spells so"},
    {"null_byte", "Null byte in a path", ARGUMENT_IS "a name before the null"},
    {"secret_file", "File with keys or passwords", ARGUMENT_IS "the name of such a file"},
    {"system_file", "File of the system", ARGUMENT_IS "the name of such a file"},
    {"project_secret", "File with a project's secrets", ARGUMENT_IS "the name of such a file"},
    {"server_file", "File of a web server that is not for the public",
     "a field of a form or a URL with the name of such a file"},
    {"agent_file", "Folder of an agent", "a URL or a field of a form with the name of such a folder"},
    {"remote_include", "File of another machine to be included",
     "a field of a form that is a URL where a file of the server belongs"},
    {"root_shell", "Shell with all rights", RUN "and no script that it is for"},
    {"elevated_command", "Command with another user's rights", RUN "behind sudo, doas, pkexec or runas"},
    {"setuid_bit", "Program that runs with its owner's rights", RUN "with a mode or capability that gives them"},
    {"sudoers_change", "Change of who may do what", RUN "that writes such a file; or a line of one"},
    {"admin_group", "User made an administrator", RUN "with a group that has all rights"},
    {"preload", "Library put into a program with more rights", RUN "and a library where everybody may write"},
    {"container_escape", "Container with the machine's rights", RUN "with options that take the walls away"},
    {"cluster_admin", "All rights in a cluster", RUN "that gives such a role"},
    {"cloud_admin", "All rights in a cloud account", RUN "that gives such a role or policy; or a call that does"},
    {"credential_dump", "Credentials taken from the machine", RUN "by its program and what it reads"},
    {"windows_elevation", "More rights on Windows", RUN "by its program and options"},
    {"option_injection", "Option in the place of a value", "the argument begins with an option that runs something"},
    {"option_remote", "Command in the name of a repository or host",
     ARGUMENT_IS "a transport or a host that is an option"},
    {"executing_option", "Option that runs something unusual", RUN "and what its option is given"},
    {"chained_command", "Command behind a value", "a value that is no command, an operator, and a program"},
    {"tool_lookalike", "Name of a tool in other letters",
     "two scripts in a word, or digits for the letters of a known word"},
    {"tool_hidden_name", "Name of a tool with unseen characters", "characters that are not shown"},
    {"tool_twin", "Two tools that look the same", "another name in the list looks like it"},
    {"tool_shadowing", "Description that speaks for another tool", "the tool that it names is not in the list"},
    {"server_lookalike", "Name of a server that imitates a known one", "a well-known name, spelled a little otherwise"},
    {"tool_priority", "Tool that wants to be first", "the description of a tool says so"},
};

const scanner_explanations explanations_tool_abuse = {rows, sizeof(rows) / sizeof(rows[0])};
