export { type AgentImagePart, agentImage } from './agent-image.ts';
export { fsNo, fsOk, fsYes } from './agent-words.ts';
export type { BootPins, BootSource } from './boot-source.ts';
export { VirtualChip } from './chip.ts';
export type { BootedApplication, ChipEvent, VirtualChipOptions } from './chip-options.ts';
export { SimulatedClock } from './clock.ts';
export { type MachineCodeOptions, machineCode } from './cortex-m-core.ts';
export type { DebugPort, NoDebug } from './debug-port.ts';
export { ChipUsbPort } from './doors/chip-usb-port.ts';
export { CmsisDapCommands, type CmsisDapOptions } from './doors/cmsis-dap.ts';
export { type CmsisDapUsbOptions, cmsisDapBulk, cmsisDapHid } from './doors/cmsis-dap-usb.ts';
export { serveLink } from './doors/link-service.ts';
export { type Pacer, type RealTime, RealTimePacer, unpaced } from './doors/pacer.ts';
export { serveProbe } from './doors/probe-service.ts';
export { type ProbeTarget, probeTarget } from './doors/probe-target.ts';
export { openPseudoTerminal, type PseudoTerminal } from './doors/pseudo-terminal.ts';
export { StlinkCommands } from './doors/stlink-commands.ts';
export { serveStlink } from './doors/stlink-server.ts';
export { type StlinkUsbOptions, stlinkUsb } from './doors/stlink-usb.ts';
export { serveUart, UartDoor, type UartDoorOptions } from './doors/uart-door.ts';
export { parseSetup, UsbControl, UsbDetached, type UsbDevice } from './doors/usb-device.ts';
export { serveUsbip, type UsbipPort } from './doors/usbip-server.ts';
export type { UnitContent } from './erase-unit-cells.ts';
export type { BankMapping, CpuPort, ExecutorFactory, FirmwareExecutor, InputPin } from './executor.ts';
export { type CreateOptions, createVirtualChip } from './factory.ts';
export type { FlashStatus, ReadFault } from './flash-memory.ts';
export type { TimingModel } from './flash-timing.ts';
export type { Judge } from './judge.ts';
export type { KeptState, KeptUnit } from './kept-state.ts';
export type { Machine } from './machine.ts';
export type { OptionStatus } from './option-bytes.ts';
export type { CutMoment, Operation, OperationKind, PowerCut, PowerPlan } from './power-supply.ts';
export {
  isAllowed,
  type Master,
  type MemoryAction,
  type MemoryArea,
  type ProtectionState,
} from './protection.ts';
export { SeededRandom } from './random.ts';
export { type DfuseQuirk, dfuseQuirks } from './rom/dfuse-quirks.ts';
export { type RomBootloaderOptions, romBootloader } from './rom/rom-bootloader.ts';
export type { SpecialAnswer, SpecialCommands } from './rom/special-commands.ts';
export { ChipReset, HandedOver, PowerLost, type ResetCause } from './signals.ts';
export type { ChipSnapshot } from './snapshot.ts';
export type { Setup, UsbAnswer, UsbDescriptors, UsbFunction } from './usb-function.ts';
export { agentRequest, trialConfirmation, wasmAgent } from './wasm-agent.ts';
export { cryptoImports as wasmAgentCrypto } from './wasm-agent-crypto.ts';
export type { RamStore } from './working-memory.ts';
