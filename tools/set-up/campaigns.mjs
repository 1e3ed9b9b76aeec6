// The campaigns of the laboratory: what `npm run lab -- NAME` starts. Plain JavaScript, since set-up
// reads it before anything is installed. `needsAgent`: the agent's WebAssembly modules
// (device/agent/build.ts) are built first. `packagesOf`: the name in debian-packages.json, where it is not
// `lab NAME`.

export const campaigns = {
  glitch: {
    script: 'lab/glitch/main.ts',
    says: 'leaves out instructions of the agent, flips bits of its verdicts',
  },
  power: { script: 'lab/power/main.ts', needsAgent: true, says: 'cuts the power at every flash operation' },
  kill: { script: 'lab/kill/main.ts', needsAgent: true, says: 'kills authority and station with SIGKILL' },
  authority: {
    script: 'lab/authority/main.ts',
    says: 'replicas on PostgreSQL under load: killed, cut off, their database stopped',
  },
  audit: {
    script: 'lab/audit/main.ts',
    says: 'a ledger of a million entries, audited whole, killed and gone on with',
  },
  line: {
    script: 'lab/line/main.ts',
    needsAgent: true,
    says: 'a shift of 64 sockets and 1,000 chips, with kills and a bad cable',
  },
  damage: {
    script: 'lab/damage/main.ts',
    needsAgent: true,
    says: 'changes every byte of packages and licenses',
  },
  fuzz: { script: 'lab/fuzz/main.ts', says: "the agent's parsers under libFuzzer, and C against TypeScript" },
  'fuzz-doors': { script: 'lab/fuzz/doors.ts', says: 'hostile input at every door of the virtual chip' },
  'hostile-devices': {
    script: 'lab/hostile-devices/main.ts',
    says: 'malformed descriptors and answers against the clients of bootloaders, agents and OpenOCD',
  },
  'hostile-usb': {
    script: 'lab/hostile-usb/main.ts',
    says: 'requests of a hostile host against the machine code of the agent with USB',
  },
  conformance: { script: 'lab/conformance/clients/main.ts', says: 'real clients against every chip' },
  'usb-vm': {
    script: 'lab/usb-vm/main.ts',
    needsAgent: true,
    says: 'virtual chips on the USB of a Linux kernel',
  },
  ways: {
    script: 'lab/ways/main.ts',
    needsAgent: true,
    says: 'blank chips to receipts through every way, and personalizations that are cut',
  },
  'vectors-thumb': {
    script: 'lab/vectors-thumb/main.ts',
    says: 'every test vector on the machine code that ships',
  },
  reproducible: {
    script: 'lab/reproducible/main.ts',
    says: 'builds the agents that ship in another folder and compares them',
  },
  executables: {
    script: 'lab/executables/main.ts',
    needsAgent: true,
    needsSources: true,
    says: 'builds the single executables and runs those of Linux, the other processor under QEMU',
  },
  suites: {
    script: 'lab/suites/main.ts',
    needsAgent: true,
    needsSources: true,
    packagesOf: 'test',
    says: 'the suites of npm test whole, where npm test takes a sample',
  },
  updater: {
    script: 'lab/updater/main.ts',
    needsAgent: true,
    says: "an update page on Chromium's own WebUSB and Web Serial, and its time beside the command's",
  },
  console: {
    script: 'lab/console/main.ts',
    says: 'the console on an authority of 10,000 units: sizes, first paint, time of each page',
  },
  speed: { script: 'lab/speed/main.ts', says: "cycles of the agent's machine code" },
};
