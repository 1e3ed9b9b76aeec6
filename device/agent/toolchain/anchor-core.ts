// What anchor and agent share.

/**
 * Files of the core that the anchor has too. The build leaves out what the anchor does not call.
 */
export const anchorCore: readonly string[] = [
  ...['agent_image', 'anchor_block', 'bytes', 'cbor', 'cbor_check', 'cbor_head', 'cbor_writer', 'chip_facts'],
  ...['cose', 'delegation', 'flash', 'floor_cell', 'flow', 'frame', 'hash', 'hmac', 'pending'],
].map((name) => `fs_${name}.c`);
