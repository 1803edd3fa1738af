package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.URI;

import static org.junit.jupiter.api.Assertions.assertEquals;

class HttpCallTest {

    /** The Host header is signed, so it has to be what the JDK's client sends. */
    @ParameterizedTest
    @CsvSource({"http://h,h", "http://h:80,h", "http://h:443,h:443", "http://h:0,h:0", "https://h:443,h", "https://h:80,h:80", "https://h:8443,h:8443"})
    void thePortOfTheSchemeIsNotInTheHostHeader(String base, String host) {
        assertEquals(host, HttpCall.of("GET", URI.create(base), "/").host());
    }

    @Test
    void theUriHasWhatWasMeant() {
        HttpCall call = HttpCall.of("GET", URI.create("http://h:8080/base"), "/a b");
        assertEquals("http://h:8080/base/a%20b", call.uri().toString());
        assertEquals("http://h:8080/base/a%20b?k=%3D&l=", call.query("l", "").query("k", "=").uri().toString());
    }

    @Test
    void itShowsNeitherHeadersNorQueryNorBody() {
        HttpCall call = HttpCall.of("POST", URI.create("http://h:8080/base"), "/v3/auth/tokens").query("q", "1")
                .header("X-Auth-Token", "secret").json("{\"password\":\"secret\"}");
        assertEquals("POST http://h:8080/base/v3/auth/tokens", call.toString());
    }
}
