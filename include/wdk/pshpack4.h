/* No include guard: every inclusion pushes an alignment. */
#pragma pack(push, 4)
