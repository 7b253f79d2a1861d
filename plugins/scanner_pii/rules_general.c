/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Numbers of whatever state: beside a word that names no state, and as the whole of a text. */
#include "scheme.h"

static const rule rules[] = {
    RULE("national_id", HIGH,
         "national[ _-]?id|identity (?:card|number)|identification number|citizen[ _-]?(?:id|number)|resident "
         "number|tax[ _-]?id|personal[ _-]?(?:id|number|code)|" WORD("id number|id code|tin|tax number|ssn"),
         verify_any),
    RULE("id_alone", LOW, "^[a-z]?[0-9][0-9a-z][0-9a-z _:-]{5,20}[.\\n]?$", verify_alone),
};

const rule_table rules_general = TABLE(rules);
