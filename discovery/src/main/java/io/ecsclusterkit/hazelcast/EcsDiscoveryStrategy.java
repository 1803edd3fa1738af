package io.ecsclusterkit.hazelcast;

import com.hazelcast.cluster.Address;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.logging.ILogger;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.DiscoveryStrategy;
import com.hazelcast.spi.discovery.SimpleDiscoveryNode;

import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import static com.hazelcast.spi.partitiongroup.PartitionGroupMetaData.PARTITION_GROUP_ZONE;
import static java.util.concurrent.CompletableFuture.allOf;
import static java.util.concurrent.CompletableFuture.runAsync;

/**
 * Finds the members of a Hazelcast cluster among the ECS servers of Huawei Cloud.
 *
 * <p>Name this class in {@code <discovery-strategy class="...">}; its properties are those of {@link EcsProperties}.
 */
public final class EcsDiscoveryStrategy implements DiscoveryStrategy {

    /** {@link #discoverLocalMetadata} blocks the start of the member. */
    private static final Duration LOCAL_METADATA = Duration.ofMillis(1500);
    private static final long LOCAL_METADATA_MARGIN_MILLIS = 100;

    private final Address member;
    private final ILogger logger;
    private final EcsConfig config;
    private final TimeSource time;
    private final ExecutorService threads;
    private final Myself myself;
    private final Survey survey;
    private final Roster roster;
    private Future<?> glance;

    /** @param member the address this member is known by; null for a client */
    EcsDiscoveryStrategy(Address member, ILogger logger, EcsConfig config, TimeSource time) {
        this.member = member;
        this.logger = logger;
        this.config = config;
        this.time = time;
        this.threads = Executors.newCachedThreadPool(EcsDiscoveryStrategy::thread);
        Cloud cloud = new Cloud(config, time);
        this.myself = new Myself(cloud.metadata(), member == null ? null : member.getHost());
        this.survey = new Survey(config, cloud, myself, new SideBySide(threads), logger);
        this.roster = new Roster(config, survey, cloud, time, logger);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "ecs-discovery");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void start() {
        config.regions().forEach(region -> Endpoints.zoneHint(region).ifPresent(hint -> logger.warning("region: " + hint + ".")));
        if (member != null && !config.ports().holds(member.getPort())) {
            logger.warning("This member listens on port " + member.getPort() + ", but members are looked for on port " + config.ports()
                    + ": others will not find it.");
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws HazelcastException at the start, when the servers cannot be listed before the deadline
     */
    @Override
    public Iterable<DiscoveryNode> discoverNodes() {
        List<DiscoveryNode> nodes = new ArrayList<>();
        for (String ip : roster.addresses()) {
            for (int port = config.ports().from(); port <= config.ports().to(); port++) {
                nodes.add(new SimpleDiscoveryNode(address(ip, port)));
            }
        }
        return nodes;
    }

    private static Address address(String ip, int port) {
        try {
            return new Address(ip, port);
        } catch (UnknownHostException e) {
            throw new HazelcastException("The list of servers holds '" + ip + "', which is no address.");
        }
    }

    /** Never throws and takes no longer than two seconds, because it is called unguarded while the member starts. */
    @Override
    public Map<String, String> discoverLocalMetadata() {
        glance();
        try {
            glance.get(LOCAL_METADATA.toMillis() + LOCAL_METADATA_MARGIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            logger.fine("What there is to learn about this server takes longer than its start may.");
        }
        Map<String, String> attributes = LocalMetadata.of(config, myself, survey);
        if (!LocalMetadata.hasZone(attributes)) {
            logger.info("This server's availability zone could not be learnt in time: ZONE_AWARE backups would count it as "
                    + attributes.get(PARTITION_GROUP_ZONE) + " until this member is started again.");
        }
        return attributes;
    }

    /** Begins to learn about this server and the others, once, while Hazelcast is busy with the rest of the start. */
    synchronized void glance() {
        if (glance == null) {
            Deadline deadline = Deadline.in(LOCAL_METADATA, time);
            Runnable learn = () -> myself.learn(deadline);
            Runnable list = () -> roster.glance(deadline);
            // A list with the agency's key needs metadata first; with other credentials it tells the zone while metadata hangs.
            glance = config.access() == EcsConfig.Access.AGENCY ? runAsync(learn, threads).thenRun(list)
                    : allOf(runAsync(learn, threads), runAsync(list, threads));
        }
    }

    @Override
    public void destroy() {
        time.stop();
        threads.shutdownNow();
    }
}
