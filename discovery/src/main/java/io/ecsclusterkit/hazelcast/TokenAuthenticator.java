package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Puts an IAM token on requests: one for each site, renewed before it ends. */
final class TokenAuthenticator implements Authenticator {

    /** A token lives 24 hours; this is early enough for any list to end with the token it began with. */
    private static final Duration EARLY = Duration.ofMinutes(5);

    private final IamApi iam;
    private final IamLogin login;
    private final TimeSource time;
    private final Map<Site, Token> tokens = new HashMap<>();

    TokenAuthenticator(IamApi iam, IamLogin login, TimeSource time) {
        this.iam = iam;
        this.login = login;
        this.time = time;
    }

    @Override
    public HttpCall authorise(HttpCall call, Site site, Deadline deadline) throws CloudException {
        return call.header("X-Auth-Token", token(site, deadline).value());
    }

    @Override
    public boolean renew(Site site, Deadline deadline) throws CloudException {
        fetch(site, deadline);
        return true;
    }

    /** The project that a token for this region is for: how the project id is found when only the region is known. */
    String projectId(Site site, Deadline deadline) throws CloudException {
        Token token = token(site, deadline);
        if (token.projectId() == null) {
            throw CloudException.lasting("IAM names no project for the region '" + site.region() + "': give project-id");
        }
        remember(new Site(site.region(), token.projectId()), token);
        return token.projectId();
    }

    private Token token(Site site, Deadline deadline) throws CloudException {
        Token known = known(site);
        return known != null && known.left(time).compareTo(EARLY) > 0 ? known : fetch(site, deadline);
    }

    private Token fetch(Site site, Deadline deadline) throws CloudException {
        Token fetched = iam.login(login, site, deadline);
        remember(site, fetched);
        return fetched;
    }

    private synchronized Token known(Site site) {
        return tokens.get(site);
    }

    private synchronized void remember(Site site, Token token) {
        tokens.put(site, token);
    }

    /** A token, the project it is for and its end. */
    static final class Token {

        private final String value;
        private final String projectId;
        private final long end;

        /** @param end when it ends, on the clock of {@link TimeSource#nanos} */
        Token(String value, String projectId, long end) {
            this.value = value;
            this.projectId = projectId;
            this.end = end;
        }

        String value() {
            return value;
        }

        String projectId() {
            return projectId;
        }

        Duration left(TimeSource time) {
            return Duration.ofNanos(end - time.nanos());
        }
    }
}
