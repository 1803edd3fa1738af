package io.ecsclusterkit.hazelcast;

import com.hazelcast.logging.ILogger;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks the cloud once which servers there are; what does not change between two questions is asked only once. */
final class Survey {

    private final EcsConfig config;
    private final Cloud cloud;
    private final Myself myself;
    private final Places places;
    private final ClusterTags tags;
    private final SideBySide sideBySide;
    private final ILogger logger;
    private boolean saidAlone;
    private volatile String selfRegion;
    private volatile Server self;

    Survey(EcsConfig config, Cloud cloud, Myself myself, SideBySide sideBySide, ILogger logger) {
        this.config = config;
        this.cloud = cloud;
        this.myself = myself;
        this.places = new Places(config, myself, cloud::projectId);
        this.tags = new ClusterTags(config, myself, cloud.ecs(), sideBySide, logger);
        this.sideBySide = sideBySide;
        this.logger = logger;
    }

    /**
     * The addresses of the cluster's servers; this one is among them when it is a member's.
     *
     * @param found what earlier tries have found, by site; is completed
     * @throws CloudException when the list is not complete
     */
    List<String> addresses(Map<Site, Listing> found, Deadline deadline) throws CloudException {
        cloud.newRound();
        if (config.access() == EcsConfig.Access.AGENCY && !cloud.agencyExists(deadline)) {
            return alone();
        }
        List<Site> sites = places.sites(deadline);
        Map<String, String> wanted = tags.tags(sites, deadline);
        List<Site> missing = new ArrayList<>(sites);
        missing.removeAll(found.keySet());
        SideBySide.Answers<Listing> answers = sideBySide.ask(missing, site ->
                Listing.of(cloud.ecs().active(site, wanted, deadline), config.network(), myself), deadline);
        found.putAll(answers.given());
        if (answers.failure() != null) {
            throw answers.failure();
        }
        List<String> addresses = new ArrayList<>();
        found.values().forEach(listing -> addresses.addAll(listing.addresses()));
        boolean selfListed = rememberSelf(found);
        if (addresses.isEmpty() || myself.isMember() && !selfListed) {
            found.clear();
            tags.forget();
            throw CloudException.trouble(String.format("%s among the %d ACTIVE servers%s with an address in %s",
                    myself.isMember() ? "this server (" + myself + ") is not (yet)" : "there is no server",
                    addresses.size(), wanted.isEmpty() ? "" : " tagged " + wanted, config.network()));
        }
        return addresses;
    }

    /** This server as the list shows it, once it has been seen there. */
    Optional<Server> self() {
        return Optional.ofNullable(self);
    }

    /** The region in whose list this server was seen, or null. */
    String selfRegion() {
        return selfRegion;
    }

    private boolean rememberSelf(Map<Site, Listing> found) {
        for (Map.Entry<Site, Listing> entry : found.entrySet()) {
            if (entry.getValue().self().isPresent()) {
                selfRegion = entry.getKey().region();
                self = entry.getValue().self().get();
                return true;
            }
        }
        return false;
    }

    private List<String> alone() throws CloudException {
        boolean othersWanted = !config.tagKeys().isEmpty() || config.regions().size() > 1;
        if (othersWanted && !config.allowStandalone()) {
            throw CloudException.lasting("this server has no agency, so its metadata service gives no key to list other servers "
                    + "with: give it an agency with the permission " + EcsApi.PERMISSION + ", or give access-key and secret-key");
        }
        if (!saidAlone) {
            saidAlone = true;
            logger.info("This server has no agency, so other servers cannot be listed: members are looked for on this server only, "
                    + myself.address() + ":" + config.ports() + ".");
        }
        return List.of(myself.address());
    }
}
