package io.ecsclusterkit.hazelcast;

import com.hazelcast.cluster.Address;
import com.hazelcast.config.InvalidConfigurationException;
import com.hazelcast.config.properties.PropertyDefinition;
import com.hazelcast.logging.ILogger;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.DiscoveryStrategy;
import com.hazelcast.spi.discovery.DiscoveryStrategyFactory;

import java.util.Collection;
import java.util.Map;

/** Makes {@link EcsDiscoveryStrategy} for Hazelcast, which finds this class through its entry in META-INF/services. */
public final class EcsDiscoveryStrategyFactory implements DiscoveryStrategyFactory {

    @Override
    public Class<? extends DiscoveryStrategy> getDiscoveryStrategyType() {
        return EcsDiscoveryStrategy.class;
    }

    /**
     * {@inheritDoc}
     *
     * @throws InvalidConfigurationException with one sentence, when the properties contradict
     */
    @Override
    @SuppressWarnings("rawtypes")
    public DiscoveryStrategy newDiscoveryStrategy(DiscoveryNode member, ILogger logger, Map<String, Comparable> properties) {
        Address address = member == null ? null : member.getPrivateAddress();
        EcsConfig config;
        try {
            config = EcsConfig.of(properties);
        } catch (InvalidConfigurationException e) {
            // Hazelcast buries the sentence under the stack traces of its own exceptions.
            logger.severe(e.getMessage());
            throw e;
        }
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(address, logger, config, new SystemTime());
        strategy.glance();
        return strategy;
    }

    @Override
    public Collection<PropertyDefinition> getConfigurationProperties() {
        return EcsProperties.definitions();
    }

    @Override
    public DiscoveryStrategyLevel discoveryStrategyLevel() {
        return DiscoveryStrategyLevel.CLOUD_VM;
    }
}
