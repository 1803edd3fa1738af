package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** An answer whose body is still arriving; closing it drops what has not been read. */
final class HttpReply implements AutoCloseable {

    private static final int LONGEST_ERROR = 8 * 1024;

    private final HttpResponse<InputStream> response;

    HttpReply(HttpResponse<InputStream> response) {
        this.response = response;
    }

    int status() {
        return response.statusCode();
    }

    boolean ok() {
        return status() / 100 == 2;
    }

    Optional<String> header(String name) {
        return response.headers().firstValue(name);
    }

    InputStream body() {
        return response.body();
    }

    /** The beginning of the body as text, enough for any error message. */
    String text() throws IOException {
        return new String(body().readNBytes(LONGEST_ERROR), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        try {
            body().close();
        } catch (IOException e) {
            // Nothing was wanted from it any more.
        }
    }
}
