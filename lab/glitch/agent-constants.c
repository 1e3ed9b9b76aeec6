/*
 * Numbers of the agent that the glitch campaign needs, as the compiler of the build has them. Each
 * goes with its name into the section .fs_constants of the object, which is never linked;
 * agent-constants.ts reads it there.
 */
#include "fs_hmac.h"
#include "fs_journal.h"
#include "fs_package.h"
#include "fs_request.h"
#include "fs_session.h"

#define GIVE(name, value)                                                              \
  __asm__ volatile(".pushsection .fs_constants,\"\",%%progbits\n"                      \
                   " .balign 4\n .word %c0\n .asciz \"" #name "\"\n .popsection" ::"i"(value))

void fs_constants(void) {
  GIVE(stateMagic, FS_STATE_MAGIC);
  GIVE(stateBytes, sizeof(fs_state));
  GIVE(stateSequenceAt, offsetof(fs_state, sequence));
  GIVE(stateLifeCycleAt, offsetof(fs_state, life_cycle));
  GIVE(stateCounterAt, offsetof(fs_state, security_counter));
  GIVE(stateProgressAt, offsetof(fs_state, progress));
  GIVE(stateFirmwareMacAt, offsetof(fs_state, firmware_mac));
  GIVE(stateFirmwareMacEnd, offsetof(fs_state, firmware_mac) + FS_HASH_SIZE);
  GIVE(stateMacAt, offsetof(fs_state, mac));
  GIVE(journalGrainBytes, FS_FLASH_GRAIN);
  GIVE(lifeInstalled, FS_LIFE_INSTALLED);
  GIVE(lifeTrial, FS_LIFE_TRIAL);
  GIVE(lifeTrying, FS_LIFE_TRYING);
  GIVE(lifeReverted, FS_LIFE_REVERTED);
  GIVE(sessionPhaseAt, offsetof(fs_session_state, phase));
  GIVE(sessionExpectedAt, offsetof(fs_session_state, expected));
  GIVE(sessionContentKeyAt, offsetof(fs_session_state, content_prk));
  GIVE(sessionContentKeyEnd, offsetof(fs_session_state, area_key));
  GIVE(phasePackage, FS_PHASE_PACKAGE);
  GIVE(phaseRecords, FS_PHASE_RECORDS);
  GIVE(phaseDone, FS_PHASE_DONE);
  GIVE(packageHeaderMost, FS_PACKAGE_HEADER_MAX);
  GIVE(hashContextBytes, sizeof(fs_sha256));
  GIVE(hmacOuterKeyAt, offsetof(fs_hmac, outer_key));
  GIVE(confirmRegister, FS_REQUEST_REGISTER);
  GIVE(confirmWord, FS_CONFIRM_WORD);
}
