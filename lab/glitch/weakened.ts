// Agents with one hardening taken out, each by a change of one source in a copy. The campaign must find a bypass in the
// scenario that is named: else either the campaign sees too little, or the hardening is good for nothing.

import type { Weakening } from './weakened-build.ts';
import { portWeakenings } from './weakened-ports.ts';

export const weakenings: readonly Weakening[] = [
  {
    name: 'package: one pass',
    file: 'fs_package.c',
    changes: [
      [
        'FS_TRY(pass(header, second));',
        'memcpy(second, first, sizeof second);\n  FS_FLOW_STEP(FS_STEP_PACKAGE);',
      ],
    ],
    scenarios: ['manifest signature altered'],
  },
  {
    name: 'package: what the passes found is not compared',
    file: 'fs_package.c',
    changes: [
      ['FS_INSIST(fs_equal(first, second, sizeof first) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);', ''],
    ],
    scenarios: ['good package, taken with other terms'],
    withMiddle: true,
  },
  {
    name: 'license: one pass',
    file: 'fs_license.c',
    changes: [['FS_TRY(pass(view, &second));', 'second = first;\n  FS_FLOW_STEP(FS_STEP_LICENSE);']],
    scenarios: ['license for another device'],
  },
  {
    name: 'record: its hash is checked once',
    file: 'fs_record.c',
    changes: [['FS_TRY(check_hash(hash));\n  memcpy', 'FS_FLOW_STEP(FS_STEP_RECORD);\n  memcpy']],
    scenarios: ['record that leads to another one'],
  },
  {
    name: 'digests: compared once',
    file: 'fs_digest.c',
    changes: [
      [
        'FS_TRY(compare((const uint8_t(*)[FS_HASH_SIZE])hashes));\n  mac_of',
        'FS_FLOW_STEP(FS_STEP_DIGEST);\n  mac_of',
      ],
    ],
    scenarios: ['last record, flash altered meanwhile'],
  },
  {
    name: 'boot: one decision',
    file: 'fs_boot.c',
    changes: [['FS_TRY(decide(mac));\n  FS_FLOW_INSIST', 'FS_FLOW_STEP(FS_STEP_BOOT);\n  FS_FLOW_INSIST']],
    scenarios: ['boot: image altered under boot check 2'],
  },
  {
    name: 'boot: any address that the flow word gives',
    file: '../port/stm32/boot.c',
    changes: [['if (entry != decided) fs_system_reset();', '']],
    scenarios: ['boot: trial was not confirmed'],
  },
  {
    name: 'journal: one walk',
    file: 'fs_journal.c',
    changes: [['FS_TRY(find(firm));', '*firm = before;']],
    scenarios: ['boot: an update was cut, the record of the former firmware still stands'],
  },
  {
    name: 'no flow word',
    file: 'fs_flow.h',
    changes: [
      [
        '#define FS_FLOW_INSIST(sum) FS_INSIST(fs_flow == (sum), FS_ERR_INTERNAL_CHECK_FAILED)',
        '#define FS_FLOW_INSIST(sum) ((void)0)',
      ],
      [
        '#define FS_FLOW_BIND(value, sum) (fs_flow ^ ((value) ^ (sum)))',
        '#define FS_FLOW_BIND(value, sum) (value)',
      ],
      ['#define FS_FLOW_BEGIN(sum) (fs_flow = (sum))', '#define FS_FLOW_BEGIN(sum) (fs_flow = FS_FLOW_IDLE)'],
      ['#define FS_FLOW_STEP(step) (fs_flow += (step))', '#define FS_FLOW_STEP(step) ((void)0)'],
      ['#define FS_FLOW_PACKAGE_DONE (', '#define FS_FLOW_PACKAGE_DONE FS_FLOW_IDLE + 0 * ('],
      ['#define FS_FLOW_LICENSE_DONE (', '#define FS_FLOW_LICENSE_DONE FS_FLOW_IDLE + 0 * ('],
      ['#define FS_FLOW_LICENSE_COUNTED (', '#define FS_FLOW_LICENSE_COUNTED FS_FLOW_IDLE + 0 * ('],
      ['#define FS_FLOW_RECORD_CHECKED (', '#define FS_FLOW_RECORD_CHECKED FS_FLOW_IDLE + 0 * ('],
      ['#define FS_FLOW_RECORD_DONE (', '#define FS_FLOW_RECORD_DONE FS_FLOW_IDLE + 0 * ('],
    ],
    scenarios: ['license for another device'],
  },
  {
    name: 'FS_INSIST looks once',
    file: 'fs_result.h',
    changes: [['    FS_REQUIRE(condition, FS_ERR_INTERNAL_CHECK_FAILED);         \\\n', '']],
    scenarios: [
      'receipt of an install that has not ended',
      'license with another content key',
      'record out of order',
    ],
  },
  {
    name: 'install: its beginning is not looked at',
    file: 'fs_install.c',
    changes: [
      ['FS_TRY(check_begun());\n  FS_TRY(check_begun());', 'if (kept > 0xffu) FS_TRY(check_begun());'],
    ],
    scenarios: ['good license, taken otherwise'],
  },
  {
    name: 'install: its end is not looked at',
    file: 'fs_install.c',
    changes: [
      [
        'if (check_end(count) != FS_OK || check_end(count) != FS_OK) return fs_journal_recall();',
        'if (count == 0 && check_end(count) != FS_OK) return fs_journal_recall();',
      ],
    ],
    scenarios: ['good last record, with another end', 'good last record of a trial, with another end'],
  },
  {
    name: 'trial: the life cycle that it begins from is not read anew',
    file: 'fs_trial.c',
    changes: [['    FS_BARRIER(); /* read anew: the compiler knows what it was compared with */ \\\n', '']],
    scenarios: ['boot: journal says installing', 'boot: trial was not confirmed'],
  },
  {
    name: 'journal: what was written is not compared',
    file: 'fs_journal.c',
    changes: [
      [
        'FS_DEMAND(fs_flash_holds(halves[half].start + next - ENTRY_SIZE, (const uint8_t *)&fs_now, STATE_SIZE) == FS_YES,\n            FS_ERR_INTERNAL_CHECK_FAILED);',
        '',
      ],
    ],
    scenarios: [
      ...['good license, and power goes behind the first record', 'license opened sixteen times before'],
      ...['good last record, with another end', 'good license, taken otherwise'],
    ],
  },
  {
    name: 'journal: whether its sequence rose is not looked at',
    file: 'fs_journal.c',
    changes: [['fs_now.magic == STATE_MAGIC && fs_now.sequence > before', 'before != 0']],
    scenarios: ['boot: trial begins'],
  },
  {
    name: 'journal: what only rises may fall',
    file: 'fs_journal.c',
    changes: [['FS_TRY(check_risen());', '(void)check_risen;']],
    scenarios: ['good license, and power goes behind the first record', 'good license, taken otherwise'],
  },
  {
    name: 'license: what was counted is not looked at',
    file: 'fs_license.c',
    changes: [
      [
        'FS_TRY(check_counted(read, count));\n  FS_TRY(check_counted(read, count));',
        '(void)check_counted;\n  (void)count;\n  FS_FLOW_STEP(2u * FS_STEP_COUNT);',
      ],
    ],
    scenarios: ['license opened sixteen times before', 'good license, taken otherwise'],
  },
  {
    name: 'package: the epoch that is journaled is not looked at',
    stands: true,
    file: 'fs_package.c',
    changes: [['if (check_epoch() != FS_OK) return fs_journal_recall();', '']],
    scenarios: ['good package with an epoch statement, taken with other terms'],
  },
  {
    name: 'package: the manifest is not looked at behind the epoch',
    stands: true,
    file: 'fs_package.c',
    changes: [['FS_TRY(fs_session_check_manifest());', '']],
    scenarios: [
      'good package, taken with other terms',
      'good package with an epoch statement, taken with other terms',
    ],
  },
  {
    name: 'flash: what is written may go anywhere',
    stands: true,
    file: 'fs_flash.c',
    changes: [
      [
        'FS_REQUIRE(offset < FS_FLASH_SIZE_BYTES && length <= FS_FLASH_SIZE_BYTES - offset, FS_ERR_INTERNAL_CHECK_FAILED);',
        '(void)offset;',
      ],
    ],
    scenarios: [
      'good package with an epoch statement, taken with other terms',
      'good license, taken otherwise',
    ],
  },
  {
    name: 'session: the manifest that was accepted is not held to its hash',
    file: 'fs_session.c',
    changes: [
      [
        'FS_DEMAND(fs_equal(hash, fs_session.accepted, FS_HASH_SIZE) == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);',
        '',
      ],
    ],
    scenarios: ['good license of a trial, taken otherwise', 'good license, taken otherwise'],
  },
  {
    name: 'options: planned once',
    file: 'fs_policy.c',
    changes: [['FS_TRY(make_plan(requirements, count, with_readout, &second));', 'second = first;']],
    scenarios: ['license whose option bytes are to be applied first'],
  },
  {
    name: 'link: the answer is not looked at again',
    file: 'fs_link.c',
    changes: [['  check_answer(type, result);', '  (void)check_answer;']],
    scenarios: ['policy of a bit that the chip does not have'],
  },
  {
    name: 'link: what was glitched is kept',
    file: 'fs_link.c',
    changes: [['if (status == FS_ERR_INTERNAL_CHECK_FAILED) forget();', '(void)forget;']],
    scenarios: ['good last record, with another end'],
  },
  {
    name: 'personalization: looked once whether it was done',
    file: 'fs_personalize.c',
    changes: [
      [
        '  FS_TRY(check_blank());\n  FS_TRY(check_blank());\n  begun = FS_NO;',
        '  FS_TRY(check_blank());\n  begun = FS_NO;',
      ],
    ],
    scenarios: ['personalized once more: begin'],
  },
  {
    name: 'trial: asked once whether it is confirmed',
    file: 'fs_trial.c',
    changes: [['FS_DEMAND(fs_port_trial_confirmed() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);', '']],
    scenarios: ['boot: trial was not confirmed'],
  },
  {
    name: 'trial: one that had its boot may start',
    file: 'fs_trial.c',
    changes: [['FS_DEMAND(fs_now.life_cycle != FS_LIFE_TRYING, FS_ERR_INTERNAL_CHECK_FAILED);', '']],
    scenarios: ['boot: trial was not confirmed'],
  },
  {
    name: 'trial: what was taken over is not looked at',
    stands: true,
    file: 'fs_trial.c',
    changes: [['return check_taken(manifest, &former, areas);', '(void)check_taken;\n  return FS_OK;']],
    scenarios: ['good last record of a trial, with another end'],
  },
  {
    name: 'trial: whether it stands beside another is looked at once',
    file: 'fs_install.c',
    changes: [['FS_TRY(fs_trial_check_beside(&fs_session.manifest));', '']],
    scenarios: ['good license of policy erase, and power goes behind the first record'],
  },
  {
    name: 'flow: keys are not bound to it',
    stands: true,
    file: 'fs_flow.c',
    changes: [['fs_put_u32le(key, fs_get_u32le(key) ^ fs_flow ^ sum);', '(void)key;\n  (void)sum;']],
    scenarios: [
      ...['record with wrong hash', 'record that leads to another one', 'record with wrong tag'],
      ...['license for another device', 'license signature altered', 'license opened sixteen times before'],
    ],
  },
  {
    name: 'flow: the address of the application is not bound to it',
    stands: true,
    file: 'fs_flow.h',
    changes: [
      [
        '#define FS_FLOW_ENTRY(entry) FS_FLOW_BIND(entry, FS_FLOW_BOOT_DONE)',
        '#define FS_FLOW_ENTRY(entry) (entry)',
      ],
    ],
    scenarios: [
      ...['boot: journal says installing', 'boot: installing forged to installed'],
      'boot: image altered under boot check 2',
    ],
  },
  {
    name: 'boot: the record is not authenticated again',
    stands: true,
    file: 'fs_boot.c',
    changes: [['FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_JOURNAL_FAILED);', '']],
    scenarios: [
      'good license, and power goes behind the first record',
      'boot: MAC of the valid record altered',
      'boot: installing forged to installed',
    ],
  },
  {
    name: 'journal: what is in RAM is not authenticated again',
    stands: true,
    file: 'fs_journal.c',
    changes: [['fs_journal_authentic() == FS_YES && ', '']],
    scenarios: ['boot: MAC of the valid record altered', 'boot: installing forged to installed'],
  },
  {
    name: 'policy: one pass',
    file: 'fs_install.c',
    changes: [
      ['FS_TRY(check_policy(&differs[1]));', 'differs[1] = differs[0];\n  FS_FLOW_STEP(FS_STEP_POLICY);'],
    ],
    scenarios: ['license whose option bytes are to be applied first'],
  },
  {
    name: 'record: its tag is looked at once',
    stands: true,
    file: 'fs_record.c',
    changes: [
      [
        'FS_INSIST(opened == FS_OK, FS_ERR_RECORD_TAG_WRONG);',
        'FS_REQUIRE(opened == FS_OK, FS_ERR_RECORD_TAG_WRONG);',
      ],
    ],
    scenarios: ['record with wrong tag'],
  },
  {
    name: 'license: nobody looks at what was kept',
    chip: 'stm32f427',
    file: 'fs_license.c',
    changes: [['FS_TRY(check_kept(&second));', 'if (second.mode == 0) FS_TRY(check_kept(&second));']],
    scenarios: ['good license, taken otherwise'],
  },
  {
    name: 'install: begun without a look at whether that was written',
    chip: 'stm32f427',
    file: 'fs_install.c',
    changes: [
      [
        '  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED); /* and it was written */\n',
        '',
      ],
    ],
    scenarios: ['good license of policy erase, and power goes behind the first record'],
  },
  {
    name: 'license: both passes share the epoch',
    chip: 'stm32f427',
    file: 'fs_license.c',
    changes: [
      ['  read->epoch = fs_now.epoch; /* what the package stated is in it */\n', ''],
      ['&read->epoch, issuer', '&fs_session.epoch, issuer'],
      ['  fs_session.epoch = second.epoch;\n', ''],
      ['fs_session.epoch == read->epoch', 'read->mode > 0'],
    ],
    scenarios: ['good license of a trial, taken otherwise'],
  },
  {
    name: 'comparison: left early, it may say yes',
    stands: true,
    file: 'fs_bytes.c',
    changes: [['  if (i != length) return FS_NO;\n', '']],
    scenarios: [
      ...[
        'record that leads to another one',
        'record with wrong hash',
        'last record, flash altered meanwhile',
      ],
      ...['boot: MAC of the valid record altered', 'license with another content key'],
    ],
  },
  ...portWeakenings,
];
