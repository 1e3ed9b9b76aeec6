// The methods of a store by what they are about. Each implementation makes them part by part.

import type { Store } from './store.ts';

export type AccessMethods = Pick<
  Store,
  | 'insertChallenge'
  | 'findChallenge'
  | 'insertToken'
  | 'findToken'
  | 'listTokens'
  | 'revokeToken'
  | 'suspendAll'
  | 'insertIdentity'
  | 'listIdentities'
  | 'findIdentities'
  | 'keepBoard'
  | 'listBoards'
  | 'logEvent'
  | 'insertAlarm'
  | 'findAlarm'
  | 'listAlarms'
  | 'acknowledgeAlarm'
  | 'readLog'
  | 'logHead'
  | 'findTick'
  | 'keepTick'
>;

export type ApprovalMethods = Pick<Store, 'insertApproval' | 'listApprovals' | 'insertJobEnd' | 'findJobEnd'>;

export type JobMethods = Pick<
  Store,
  | 'insertJob'
  | 'insertPackage'
  | 'approveJob'
  | 'closeJob'
  | 'findJob'
  | 'listJobs'
  | 'listPackages'
  | 'countJob'
  | 'noteFewUnits'
  | 'countFewJobs'
  | 'replaceWrapped'
  | 'findDeviceData'
>;

export type LicenseMethods = Pick<
  Store,
  | 'insertLicense'
  | 'findLicense'
  | 'findLicenseByRequest'
  | 'findLicenseOf'
  | 'listLicenses'
  | 'insertReceipt'
  | 'findReceipt'
  | 'listReceipts'
  | 'listReceiptsOfDevice'
  | 'insertOutcome'
  | 'findOutcome'
  | 'listOutcomes'
>;

export type RequestMethods = Pick<Store, 'beginRequest' | 'finishRequest' | 'forgetRequest'>;

export type RolloutMethods = Pick<Store, 'setRollout' | 'findRollout' | 'insertFailure' | 'countRollout'>;

export type StopMethods = Pick<Store, 'setStop' | 'liftStop' | 'findStop' | 'listStops'>;

export type WebhookMethods = Pick<
  Store,
  'insertWebhook' | 'listWebhooks' | 'removeWebhook' | 'claimWebhook' | 'noteWebhook'
>;

export type UnitMethods = Pick<
  Store,
  | 'takeUnit'
  | 'findUnit'
  | 'listUnits'
  | 'findUnits'
  | 'voidUnit'
  | 'insertDevice'
  | 'findDevice'
  | 'listStationRequests'
>;
