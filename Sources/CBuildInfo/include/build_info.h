#ifndef LORA_OPERATOR_BUILD_INFO_H
#define LORA_OPERATOR_BUILD_INFO_H

// The commit that the binary was built from, or "unknown" outside of a checkout.
const char *build_info_commit(void);

#endif
