package io.ecsclusterkit.hazelcast;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON (RFC 8259) from a stream, value by value. Whoever reads says for each member of an object whether it is
 * wanted; what is not is skipped without being stored, however long it is.
 */
final class JsonReader {

    /** Reads the value of one member of an object, or skips it: exactly one value. */
    interface Member {
        void read(String name) throws IOException;
    }

    /** Reads one element of an array: exactly one value. */
    interface Element {
        void read() throws IOException;
    }

    private static final int END = -1;
    private static final int BUFFER = 16 * 1024;
    /** No name, id or tag of the API comes near this. */
    private static final int LONGEST_TEXT = 256 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int position;
    private int filled;

    JsonReader(InputStream in) {
        this.in = in;
    }

    /** Reads an object; a null or any other value is skipped and counts as an object without members. */
    void object(Member member) throws IOException {
        if (token() != '{') {
            skip();
            return;
        }
        position++;
        if (token() == '}') {
            position++;
            return;
        }
        do {
            if (token() != '"') {
                throw broken();
            }
            String name = quoted();
            expect(':');
            member.read(name);
        } while (another('}'));
    }

    /** Reads an array; a null or any other value is skipped and counts as an empty array. */
    void array(Element element) throws IOException {
        if (token() != '[') {
            skip();
            return;
        }
        position++;
        if (token() == ']') {
            position++;
            return;
        }
        do {
            element.read();
        } while (another(']'));
    }

    /** A string, or a number, true or false as text; null for null, an object or an array. */
    String text() throws IOException {
        int c = token();
        if (c == '"') {
            return quoted();
        }
        if (c == '{' || c == '[') {
            skip();
            return null;
        }
        String word = word();
        return "null".equals(word) ? null : word;
    }

    boolean nextIsArray() throws IOException {
        return token() == '[';
    }

    /** Passes over one value of any kind, in constant memory. */
    void skip() throws IOException {
        int depth = 0;
        do {
            switch (token()) {
                case '{':
                case '[':
                    depth++;
                    position++;
                    break;
                case '}':
                case ']':
                    if (depth == 0) {
                        throw broken();
                    }
                    depth--;
                    position++;
                    break;
                case ',':
                case ':':
                    if (depth == 0) {
                        throw broken();
                    }
                    position++;
                    break;
                case '"':
                    skipQuoted();
                    break;
                default:
                    word();
            }
        } while (depth > 0);
    }

    private boolean another(char close) throws IOException {
        int c = token();
        if (c != ',' && c != close) {
            throw broken();
        }
        position++;
        return c == ',';
    }

    private void expect(char wanted) throws IOException {
        if (token() != wanted) {
            throw broken();
        }
        position++;
    }

    private static IOException broken() {
        return new IOException("the answer is not JSON");
    }

    /** The first byte of the next token, which stays to be read. */
    private int token() throws IOException {
        while (true) {
            int c = peek();
            if (c == END) {
                throw new EOFException("the answer ends in the middle");
            }
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return c;
            }
            position++;
        }
    }

    /** A number, true, false or null. */
    private String word() throws IOException {
        StringBuilder out = new StringBuilder();
        int c = peek();
        while (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
            out.append((char) c);
            if (out.length() > LONGEST_TEXT) {
                throw broken();
            }
            position++;
            c = peek();
        }
        String word = out.toString();
        boolean number = !word.isEmpty() && (word.charAt(0) == '-' || Character.isDigit(word.charAt(0)));
        if (!number && !"null".equals(word) && !"true".equals(word) && !"false".equals(word)) {
            throw broken();
        }
        return word;
    }

    private String quoted() throws IOException {
        position++;
        int start = position;
        // Most strings lie whole in the buffer and hold no escape.
        for (int i = position; i < filled; i++) {
            if (buffer[i] == '"') {
                position = i + 1;
                return new String(buffer, start, i - start, StandardCharsets.UTF_8);
            }
            if (buffer[i] == '\\') {
                break;
            }
        }
        return quotedSlowly();
    }

    private String quotedSlowly() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int c = next(); c != '"'; c = next()) {
            if (c == '\\') {
                escape(out);
            } else {
                out.write(c);
            }
            if (out.size() > LONGEST_TEXT) {
                throw new IOException("the answer holds a name of more than " + LONGEST_TEXT + " bytes");
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private void escape(ByteArrayOutputStream out) throws IOException {
        int c = next();
        int which = "\"\\/bfnrt".indexOf(c);
        if (which >= 0) {
            out.write("\"\\/\b\f\n\r\t".charAt(which));
        } else if (c == 'u') {
            out.writeBytes(unicode().getBytes(StandardCharsets.UTF_8));
        } else {
            throw broken();
        }
    }

    /** What follows a backslash and u: four digits, and for a pair of surrogates the second escape as well. */
    private String unicode() throws IOException {
        char unit = hex();
        if (!Character.isHighSurrogate(unit) || peek() != '\\') {
            return String.valueOf(unit);
        }
        position++;
        if (next() != 'u') {
            throw broken();
        }
        return String.valueOf(new char[] {unit, hex()});
    }

    private char hex() throws IOException {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(next(), 16);
            if (digit < 0) {
                throw broken();
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    private void skipQuoted() throws IOException {
        position++;
        while (true) {
            for (int i = position; i < filled; i++) {
                byte b = buffer[i];
                if (b == '"') {
                    position = i + 1;
                    return;
                }
                if (b == '\\') {
                    position = i + 1;
                    next();
                    i = position - 1;
                }
            }
            position = filled;
            if (peek() == END) {
                throw new EOFException("the answer ends in the middle");
            }
        }
    }

    private int next() throws IOException {
        int c = peek();
        if (c == END) {
            throw new EOFException("the answer ends in the middle");
        }
        position++;
        return c;
    }

    private int peek() throws IOException {
        if (position >= filled) {
            filled = in.read(buffer);
            position = 0;
            if (filled <= 0) {
                filled = 0;
                return END;
            }
        }
        return buffer[position] & 0xFF;
    }
}
