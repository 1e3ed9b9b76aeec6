/* The file that make-assets.mjs wrote, in a section of its own. */
  .section .assets, "a", %progbits
  .global assets
  .balign 8
assets:
  .incbin "assets.bin"
