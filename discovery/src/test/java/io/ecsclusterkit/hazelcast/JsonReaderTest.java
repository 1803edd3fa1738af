package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

class JsonReaderTest {

    /** A stream that gives a byte at a time, so that every token crosses the edge of the buffer. */
    private static InputStream slowly(String text) {
        InputStream whole = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return whole.read();
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return whole.read(target, offset, Math.min(1, length));
            }
        };
    }

    private static JsonReader reader(String text) {
        return new JsonReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"\"abc\",abc", "\"\",``", "-1.5e+3,-1.5e+3", "0,0", "true,true", "false,false", "` \"a\\\"b\" `,a\"b",
        "\"\\u00e4\\/\\\\\",ä/\\", "\"\\ud83d\\ude42\",🙂", "\"集群🙂\",集群🙂", "\"\\ud83dx\",?x"})
    void readsTexts(String json, String text) throws IOException {
        assertEquals(text, reader(json).text());
        assertEquals(text, new JsonReader(slowly(json)).text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{\"a\":[1]}", "[1,{\"b\":2}]"})
    void whatIsNoTextIsNull(String json) throws IOException {
        assertNull(reader(json).text());
    }

    @Test
    void skipsWhatIsNotWanted() throws IOException {
        String json = "{ \"a\" : {\"x\":[1,2,{\"y\":\"}]\\\"\"}],\"z\":null} ,\"b\":\"k\\\\\", \"c\" :[ ], \"d\":{}, \"e\":-1,\"f\":\"last\"}";
        for (JsonReader reader : List.of(reader(json), new JsonReader(slowly(json)))) {
            List<String> found = new ArrayList<>();
            reader.object(name -> {
                if ("f".equals(name)) {
                    found.add(reader.text());
                } else {
                    reader.skip();
                }
            });
            assertEquals(List.of("last"), found);
        }
    }

    @Test
    void aNullCountsAsEmpty() throws IOException {
        JsonReader reader = reader("[null, 5, [], {}]");
        List<Integer> rounds = new ArrayList<>();
        reader.array(() -> {
            rounds.add(1);
            reader.object(name -> rounds.add(2));
        });
        assertEquals(List.of(1, 1, 1, 1), rounds);
    }

    @Test
    void aLongSkippedTextCostsNoMemory() throws IOException {
        long length = 300L << 20;
        JsonReader reader = new JsonReader(new InputStream() {
            private long at;

            @Override
            public int read() {
                throw new UnsupportedOperationException("bytes come in blocks");
            }

            @Override
            public int read(byte[] target, int offset, int count) {
                if (at == 0) {
                    at++;
                    target[offset] = '"';
                    return 1;
                }
                java.util.Arrays.fill(target, offset, offset + count, (byte) 'x');
                at += count;
                if (at >= length) {
                    target[offset + count - 1] = '"';
                }
                return at >= length + count ? -1 : count;
            }
        });
        reader.skip();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "[1,", "\"abc", "\"\\", "\"\\u12", "{\"a\":\"x\\"})
    void anEndInTheMiddleIsSaid(String json) {
        assertEquals("the answer ends in the middle", assertThrows(IOException.class, () -> everything(reader(json))).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>", "{a:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1 2]", "nul", "tru", "}", "]", ",", ":",
        "abc", "{\"a\":}"})
    void whatIsNoJsonIsSaid(String json) {
        assertEquals("the answer is not JSON", assertThrows(IOException.class, () -> everything(reader(json))).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\\x\"", "\"\\u00g0\"", "\"\\ud83d\\n\""})
    void aTextWithAWrongEscapeIsNoJson(String json) {
        assertEquals("the answer is not JSON", assertThrows(IOException.class, () -> reader(json).text()).getMessage());
    }

    @Test
    void anEndlessNameIsRefused() {
        assertThrows(IOException.class, () -> reader("\"" + "x".repeat(300_000) + "\"").text());
        assertThrows(IOException.class, () -> reader("1".repeat(300_000)).text());
    }

    private static void everything(JsonReader reader) throws IOException {
        if (reader.nextIsArray()) {
            reader.array(() -> everything(reader));
        } else {
            reader.object(name -> everything(reader));
        }
    }
}
