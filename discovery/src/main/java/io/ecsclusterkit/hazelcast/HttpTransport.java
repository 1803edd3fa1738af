package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;

import javax.net.ssl.SSLException;

/** Sends requests over the JDK's HTTP client within a deadline. */
final class HttpTransport {

    private final Duration connectTimeout;
    private final Duration readTimeout;
    private final ProxySelector proxies;
    private HttpClient client;

    HttpTransport(Duration connectTimeout, Duration readTimeout, ProxySelector proxies) {
        this.connectTimeout = connectTimeout;
        this.readTimeout = readTimeout;
        this.proxies = proxies;
    }

    /** Made by whoever asks first: it loads TLS and its trust store, which the start of a member need not wait for. */
    private synchronized HttpClient client() {
        if (client == null) {
            client = HttpClient.newBuilder()
                    // One request at a time needs no HTTP/2, and an upgrade header on plain HTTP upsets small servers.
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(connectTimeout)
                    .proxy(proxies)
                    .build();
        }
        return client;
    }

    /**
     * Sends one request and waits for the head of the answer, whatever its status.
     *
     * @throws CloudException (trouble) when no answer comes
     */
    HttpReply send(HttpCall call, Deadline deadline) throws CloudException {
        if (deadline.passed()) {
            throw CloudException.trouble("there was no time left to ask " + call.host());
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(call.uri())
                .timeout(deadline.cap(connectTimeout.plus(readTimeout)))
                .method(call.method(), call.body().isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(call.body()));
        call.headers().forEach(request::header);
        try {
            return new HttpReply(client().send(request.build(), info -> new TimedBody(readTimeout, deadline)));
        } catch (IOException | UnresolvedAddressException e) {
            throw CloudException.trouble(sentence(call.uri(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CloudException.trouble("asking " + call.host() + " was interrupted");
        }
    }

    private static String sentence(URI uri, Exception e) {
        String where = uri.getScheme() + "://" + uri.getRawAuthority();
        if (e instanceof HttpTimeoutException) {
            return where + " did not answer in time";
        }
        if (e instanceof SSLException) {
            return "no trusted TLS connection to " + where + " could be made (" + e.getMessage() + ")";
        }
        boolean unknownName = e instanceof UnresolvedAddressException || e.getCause() instanceof UnresolvedAddressException
                || e.getCause() != null && e.getCause().getCause() instanceof UnresolvedAddressException;
        if (unknownName) {
            return "the name " + uri.getHost() + " cannot be resolved";
        }
        return e instanceof ConnectException ? where + " refuses connections" : "the connection to " + where + " broke";
    }
}
