/* No include guard: every inclusion pops what a pshpack header pushed. */
#pragma pack(pop)
