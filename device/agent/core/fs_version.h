/* The version of this agent, which rises with each that is released. Hellos and receipts say it. */
#ifndef FS_VERSION_H
#define FS_VERSION_H

#define FS_AGENT_VERSION 1u

#endif
