package io.ecsclusterkit.hazelcast;

import java.nio.charset.StandardCharsets;

/** Percent-encoding as request signing wants it: everything but the unreserved characters of RFC 3986. */
final class Percent {

    private static final String HEX = "0123456789ABCDEF";

    private Percent() {
    }

    static String encode(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (unreserved(b)) {
                out.append((char) b);
            } else {
                out.append('%').append(HEX.charAt((b >> 4) & 0xF)).append(HEX.charAt(b & 0xF));
            }
        }
        return out.toString();
    }

    /** Encodes each segment of a path and leaves the slashes. */
    static String encodePath(String path) {
        StringBuilder out = new StringBuilder();
        for (String segment : path.split("/", -1)) {
            out.append(encode(segment)).append('/');
        }
        return out.substring(0, out.length() - 1);
    }

    private static boolean unreserved(byte b) {
        return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
                || b == '-' || b == '.' || b == '_' || b == '~';
    }
}
