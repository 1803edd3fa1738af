package io.ecsclusterkit.hazelcast;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** What an error answer says of itself, in any of the forms of the API gateway, ECS and IAM. */
final class ErrorBody {

    private static final int LONGEST = 200;
    /** Keys, tokens and signatures are long and without spaces; no word of a message is. */
    private static final String OPAQUE = "[A-Za-z0-9+/=_-]{16,}";

    private final String text;

    private ErrorBody(String text) {
        this.text = text;
    }

    static ErrorBody of(String body) {
        Map<String, String> found = new HashMap<>();
        JsonReader json = new JsonReader(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
        try {
            json.object(name -> {
                if ("error".equals(name)) {
                    json.object(inner -> found.put(inner, json.text()));
                } else {
                    found.put(name, json.text());
                }
            });
        } catch (IOException e) {
            return new ErrorBody(body.trim());
        }
        String code = found.getOrDefault("error_code", found.get("code"));
        String message = found.getOrDefault("error_msg", found.get("message"));
        return new ErrorBody((code == null ? "" : code + " ") + (message == null ? "" : message));
    }

    /** Whether the message contains these words, in any case. */
    boolean says(String words) {
        return text.toLowerCase(Locale.ROOT).contains(words.toLowerCase(Locale.ROOT));
    }

    /** The message for people: one short line, without a full stop, in which anything that could be a key is masked. */
    @Override
    public String toString() {
        String line = text.replaceAll("\\s+", " ").replaceAll(OPAQUE, "***").trim().replaceAll("\\.+$", "");
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "..." : line;
    }
}
