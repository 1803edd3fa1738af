package io.ecsclusterkit.hazelcast;

import com.hazelcast.logging.ILogger;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The tags that make a server one of this cluster: as configured, or those of the anchor server. */
final class ClusterTags {

    private final EcsConfig config;
    private final Myself myself;
    private final EcsApi ecs;
    private final SideBySide sideBySide;
    private final ILogger logger;
    private Map<String, String> known;
    private boolean warned;

    ClusterTags(EcsConfig config, Myself myself, EcsApi ecs, SideBySide sideBySide, ILogger logger) {
        this.config = config;
        this.myself = myself;
        this.ecs = ecs;
        this.sideBySide = sideBySide;
        this.logger = logger;
    }

    /**
     * The tags by key; read from the anchor server once, because each look costs a request.
     *
     * @throws CloudException (final) when the anchor lacks one of the keys
     */
    Map<String, String> tags(List<Site> sites, Deadline deadline) throws CloudException {
        if (known == null) {
            known = config.tagValues().isEmpty() && !config.tagKeys().isEmpty() ? ofAnchor(sites, deadline) : configured();
        }
        return known;
    }

    /** Has the anchor read again next time. */
    void forget() {
        known = null;
    }

    private Map<String, String> configured() {
        Map<String, String> tags = new LinkedHashMap<>();
        for (int i = 0; i < config.tagKeys().size(); i++) {
            tags.put(config.tagKeys().get(i), config.tagValues().get(i));
        }
        return Collections.unmodifiableMap(tags);
    }

    private Map<String, String> ofAnchor(List<Site> sites, Deadline deadline) throws CloudException {
        Server anchor = anchor(sites, deadline);
        Map<String, String> tags = new LinkedHashMap<>();
        for (String key : config.tagKeys()) {
            if (!anchor.tags().containsKey(key)) {
                throw CloudException.lasting("the server " + anchor.id() + ", whose tags say which servers belong together, "
                        + "has no tag '" + key + "': tag it, or give tag-value");
            }
            tags.put(key, anchor.tags().get(key));
        }
        return Collections.unmodifiableMap(tags);
    }

    private Server anchor(List<Site> sites, Deadline deadline) throws CloudException {
        String id = config.instanceId();
        if (id != null) {
            Optional<Server> anchor = find(sites, site -> ecs.byId(site, id, deadline), deadline);
            if (anchor.isPresent()) {
                return anchor.get();
            }
            if (!warned) {
                warned = true;
                logger.warning("The server " + id + " (instance-id) does not exist any more: this server's own tags say which "
                        + "servers belong together.");
            }
        }
        return own(sites, deadline).orElseThrow(() -> CloudException.trouble("this server (" + myself + ") is not listed (yet)"));
    }

    private Optional<Server> own(List<Site> sites, Deadline deadline) throws CloudException {
        if (myself.mayAskMetadata()) {
            String id = myself.identity(deadline).instanceId();
            if (id != null) {
                return find(sites, site -> ecs.byId(site, id, deadline), deadline);
            }
        }
        return find(sites, site -> ecs.byAddress(site, myself.address(), deadline), deadline);
    }

    private Optional<Server> find(List<Site> sites, SideBySide.Question<Optional<Server>> question, Deadline deadline)
            throws CloudException {
        SideBySide.Answers<Optional<Server>> answers = sideBySide.ask(sites, question, deadline);
        Optional<Server> found = answers.given().values().stream().map(server -> server.orElse(null))
                .filter(Objects::nonNull).findFirst();
        if (found.isEmpty() && answers.failure() != null) {
            throw answers.failure();
        }
        return found;
    }
}
