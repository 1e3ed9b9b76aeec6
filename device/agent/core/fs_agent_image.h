/*
 * The image of an agent in its slot: header, proof, code (spec/agent-image.md). The anchor
 * asks at each reset; the agent asks before it gives a receipt for an image that it wrote.
 * Both ask here, so both find the same.
 */
#ifndef FS_AGENT_IMAGE_H
#define FS_AGENT_IMAGE_H

#include "fs_chip_facts.h"
#include "fs_crypto.h"

/* The beginning of the header: all that the proof does not hold. An image is one from
 * the moment it is written. */
#define FS_AGENT_HEAD_BYTES 32u

/* What the trusted site left in the anchor's unit, as far as images go by it. */
typedef struct {
  uint8_t root[FS_POINT_SIZE];
  uint8_t product_length; /* 1 to 32 */
  uint8_t product[32];
  uint32_t epoch;
  uint8_t measured[FS_HASH_SIZE]; /* SHA-256 of the code of the agent that personalization wrote */
  uint32_t measured_counter;
  uint8_t signer[FS_POINT_SIZE]; /* the agent signer that the trusted site knew, or zeros */
  uint32_t signer_cap;           /* the highest counter that the root allowed him then */
} fs_anchor_data;

/* What an image that passed says. Nothing in it is padding. */
typedef struct {
  fs_answer has_proof; /* FS_NO: it is the one that was measured */
  uint32_t counter;
  uint32_t version; /* 0 without a proof: it says none */
  uint32_t epoch;   /* of the delegation of its signer, or that of the anchor's data */
  uint32_t code_length;
  uint8_t code_hash[FS_HASH_SIZE];
} fs_agent_facts;

/*
 * Reads and checks the image at `slot`, an address of flash. Decides twice: adds FS_STEP_IMAGE to the flow
 * word two times. On a fault `facts` is zeros. FS_ERR_AGENT_IMAGE_..., FS_ERR_ROOT_..., FS_ERR_DELEGATION_...
 */
fs_result fs_agent_image_check(uint32_t slot, const fs_anchor_data *trust, fs_agent_facts *facts);

/* The same for an image whose head is not in flash yet. */
fs_result fs_agent_image_check_held(uint32_t slot, const uint8_t head[FS_AGENT_HEAD_BYTES],
                                    const fs_anchor_data *trust, fs_agent_facts *facts);

/*
 * All of that but for the code, of which nothing is there yet: who signed the header, and for
 * what. facts->code_hash is the hash that the code has to have. Decides once: what follows from it
 * is checked again with the code.
 */
fs_result fs_agent_image_check_header(const uint8_t header[FS_AGENT_HEADER_LENGTH], const fs_anchor_data *trust,
                                      fs_agent_facts *facts);

/* The agent's counter in the head of an image, or 0xffffffff when the bytes are no
 * head. Checks no signature. */
uint32_t fs_agent_image_counter(const uint8_t head[FS_AGENT_HEAD_BYTES]);

#endif
