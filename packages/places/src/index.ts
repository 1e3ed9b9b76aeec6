export { parsePlace } from './parse-place.ts';
export type {
  NearPlace,
  NetPlace,
  Place,
  PlaceKind,
  SerialPlace,
  StationPlace,
  UsbPlace,
  UsbSocket,
  WrittenPlace,
} from './place.ts';
export { addressText, placeText, socketText } from './place-text.ts';
