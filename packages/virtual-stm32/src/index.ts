export { type DfuseQuirk, dfuseQuirks } from './bootloaders/dfuse-quirks.ts';
export { type RomBootloaderOptions, romBootloader } from './bootloaders/rom-bootloader.ts';
export type { SpecialAnswer, SpecialCommands } from './bootloaders/special-commands.ts';
export { type CreateOptions, createVirtualChip } from './chip/factory.ts';
export type { Judge } from './chip/judge.ts';
export type { Machine } from './chip/machine.ts';
export type { BootedApplication, ChipEvent, VirtualChipOptions } from './chip/options.ts';
export { ChipReset, HandedOver, PowerLost, type ResetCause } from './chip/signals.ts';
export type { ChipSnapshot } from './chip/snapshot.ts';
export { VirtualChip } from './chip/virtual-chip.ts';
export type { DebugPort, NoDebug } from './debug/debug-port.ts';
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
export type { Setup, UsbAnswer, UsbDescriptors, UsbFunction } from './doors/usb-function.ts';
export { serveUsbip, type UsbipPort } from './doors/usbip-server.ts';
export {
  type AgentImagePart,
  agentCode,
  agentImage,
  splitAnchor,
  withAnchor,
} from './firmware/agent-image.ts';
export { fsNo, fsOk, fsYes } from './firmware/agent-words.ts';
export type {
  BankMapping,
  CpuPort,
  ExecutorFactory,
  FirmwareExecutor,
  InputPin,
} from './firmware/executor.ts';
export { type MachineCodeOptions, machineCode } from './firmware/machine-code.ts';
export { agentRequest, receiptRequest, trialConfirmation, wasmAgent } from './firmware/wasm-agent.ts';
export { cryptoImports as wasmAgentCrypto } from './firmware/wasm-agent-crypto.ts';
export type { HostWire } from './peripherals/usart-pins.ts';
export { UsbWire } from './peripherals/usb-wire.ts';
export type { BootPins, BootSource } from './silicon/boot-source.ts';
export { SimulatedClock } from './silicon/clock.ts';
export type { UnitContent } from './silicon/erase-unit-cells.ts';
export type { FlashStatus, ReadFault } from './silicon/flash-memory.ts';
export type { TimingModel } from './silicon/flash-timing.ts';
export type { KeptState, KeptUnit } from './silicon/kept-state.ts';
export type { OptionStatus } from './silicon/option-bytes.ts';
export type { CutMoment, Operation, OperationKind, PowerCut, PowerPlan } from './silicon/power-supply.ts';
export {
  isAllowed,
  type Master,
  type MemoryAction,
  type MemoryArea,
  type ProtectionState,
} from './silicon/protection.ts';
export { SeededRandom } from './silicon/random.ts';
export type { RamStore } from './silicon/working-memory.ts';
