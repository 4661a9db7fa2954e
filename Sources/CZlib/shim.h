#pragma once
#include <zlib.h>

/* The initialisers are macros over the size of the structure; Swift sees only functions. */
static inline int sluice_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

static inline int sluice_inflate_init(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
