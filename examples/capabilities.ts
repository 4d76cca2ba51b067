import { readCapabilities } from '@ts-c/capabilities';

const { effective } = readCapabilities();
console.log(effective.includes('SYS_ADMIN') ? 'may mount' : 'may not mount');
