/* Of agents whose slot has no room for it: packages that an application put into flash stay there. */
#include "fs_staged.h"

void fs_staged_settle(void) {}
