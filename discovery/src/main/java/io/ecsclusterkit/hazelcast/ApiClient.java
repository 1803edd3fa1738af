package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.util.Locale;

/** Asks the cloud's API: credentials, the guard over them, and what an error status means. */
final class ApiClient {

    /** Makes something of an answer whose status is 2xx. */
    interface Reader<T> {
        T read(HttpReply reply) throws IOException;
    }

    private final HttpTransport transport;
    private final KeyGuard guard;
    private final Refusal refusal;

    ApiClient(HttpTransport transport, KeyGuard guard, TimeSource time) {
        this.transport = transport;
        this.guard = guard;
        this.refusal = new Refusal(time);
    }

    /**
     * Sends a request with credentials; after a 401 once more if there are newer ones.
     *
     * @param permission the IAM permission it needs, for the message when it is missing
     * @throws CloudException when it fails; see {@link CloudException.Kind}
     */
    <T> T ask(HttpCall call, String permission, Authenticator auth, Site site, Deadline deadline, Reader<T> reader)
            throws CloudException {
        boolean alone = guard.enter(deadline);
        try (HttpReply reply = answer(call, auth, site, deadline)) {
            if (refusal.applies(reply)) {
                String sentence = refusal.sentence(reply, call, permission);
                guard.refused(sentence);
                throw CloudException.refused(sentence);
            }
            if (!reply.ok()) {
                throw failure(reply, call);
            }
            guard.accepted();
            if (alone) {
                guard.leave();
                alone = false;
            }
            return reader.read(reply);
        } catch (IOException e) {
            throw CloudException.trouble("the answer of " + call.host() + " could not be read: " + e.getMessage());
        } finally {
            if (alone) {
                guard.leave();
            }
        }
    }

    private HttpReply answer(HttpCall call, Authenticator auth, Site site, Deadline deadline) throws CloudException {
        HttpReply reply = transport.send(auth.authorise(call, site, deadline), deadline);
        if (reply.status() != 401) {
            return reply;
        }
        boolean renewed;
        try {
            renewed = auth.renew(site, deadline);
        } catch (CloudException e) {
            reply.close();
            throw e;
        }
        if (!renewed) {
            return reply;
        }
        reply.close();
        return transport.send(auth.authorise(call, site, deadline), deadline);
    }

    private static CloudException failure(HttpReply reply, HttpCall call) throws IOException {
        int status = reply.status();
        String sentence = String.format(Locale.ROOT, "%s answered %d %s", call, status, ErrorBody.of(reply.text())).trim();
        boolean passing = status == 429 || status == 408 || status >= 500;
        if (status == 404) {
            return CloudException.absent(sentence);
        }
        return passing ? CloudException.trouble(sentence) : CloudException.lasting(sentence);
    }
}
