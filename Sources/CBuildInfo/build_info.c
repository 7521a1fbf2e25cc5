#include "build_info.h"

#ifndef LORA_OPERATOR_COMMIT
#define LORA_OPERATOR_COMMIT "unknown"
#endif

const char *build_info_commit(void) { return LORA_OPERATOR_COMMIT; }
