package io.ecsclusterkit.hazelcast;

import java.time.Duration;

/** The cloud as one configuration reaches it: services, credentials, and the guard over them. */
final class Cloud {

    private final KeyGuard guard;
    private final MetadataApi metadata;
    private final AgencyKey agencyKey;
    private final EcsApi ecs;
    private final Places.ProjectLookup projects;

    Cloud(EcsConfig config, TimeSource time) {
        Endpoints endpoints = config.endpoints();
        HttpTransport transport = new HttpTransport(config.connectTimeout(), config.readTimeout(),
                new Proxies(endpoints.metadata().getHost()));
        guard = new KeyGuard(time);
        metadata = config.metadata() ? new MetadataApi(transport, endpoints.metadata()) : null;
        ApiClient client = new ApiClient(transport, guard, time);
        IamApi iam = new IamApi(client, endpoints, time);
        agencyKey = config.access() == EcsConfig.Access.AGENCY ? new AgencyKey(metadata, time) : null;
        Authenticator auth;
        if (config.access() == EcsConfig.Access.LOGIN) {
            TokenAuthenticator tokens = new TokenAuthenticator(iam, config.login(), time);
            auth = tokens;
            projects = tokens::projectId;
        } else {
            auth = new KeyAuthenticator(agencyKey != null ? agencyKey
                    : new ConfiguredKey(config.accessKey(), config.secretKey()), time);
            projects = (site, deadline) -> iam.projectId(site, auth, deadline);
        }
        ecs = new EcsApi(client, auth, endpoints);
    }

    EcsApi ecs() {
        return ecs;
    }

    /** The metadata service, or null when it may not be asked. */
    MetadataApi metadata() {
        return metadata;
    }

    /** Whether the metadata service has an agency's key for this server. */
    boolean agencyExists(Deadline deadline) throws CloudException {
        return agencyKey.exists(deadline);
    }

    String projectId(Site site, Deadline deadline) throws CloudException {
        return projects.projectId(site, deadline);
    }

    /** The credentials are to prove themselves again. */
    void newRound() {
        guard.newRound();
    }

    /** How long requests with credentials are still held back after a refusal. */
    Duration heldBack() {
        return guard.left();
    }
}
