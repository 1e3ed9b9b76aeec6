// Results of the agent's functions, as machine code and WebAssembly give and take them:
// device/agent/core/fs_result.h.

/** FS_OK; any other word is a failure. */
export const fsOk = 0x5a5a5a5a;
/** FS_YES; any other answer is no. */
export const fsYes = 0x3c3c3c3c;
export const fsNo = 0xc3c3c3c3;
